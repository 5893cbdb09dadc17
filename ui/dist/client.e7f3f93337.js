// The files of a user.

import "./tray.9b2ad55a14.js";
import "./browser.97bf940979.js";
