// The files of a user.

import "./tray.d479247b73.js";
import "./browser.91f5ea11d9.js";
