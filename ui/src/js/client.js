// The files of a user.

import "./client/tray.js";
import "./client/browser.js";
