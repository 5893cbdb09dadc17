// The files of a user.

import "./tray.15d893c39d.js";
import "./browser.c6ecca866d.js";
