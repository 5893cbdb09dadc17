// The files of a user.

import "./tray.55edee4302.js";
import "./browser.99c7897370.js";
