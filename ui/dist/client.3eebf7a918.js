// The files of a user.

import "./tray.9b2ad55a14.js";
import "./browser.d9ba7fa641.js";
