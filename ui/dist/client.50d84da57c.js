// The files of a user.

import "./tray.439ea00b0a.js";
import "./browser.df0f04fb49.js";
