// The files of a user.

import "./tray.9b2ad55a14.js";
import "./browser.99c7897370.js";
