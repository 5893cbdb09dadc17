// The files of a user.

import "./tray.28ac27ded8.js";
import "./browser.18b5baa8f3.js";
