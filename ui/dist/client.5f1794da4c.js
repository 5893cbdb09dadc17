// The files of a user.

import "./tray.5edd149624.js";
import "./browser.aa72630941.js";
