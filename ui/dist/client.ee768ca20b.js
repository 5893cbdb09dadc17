// The files of a user.

import "./tray.55edee4302.js";
import "./browser.6b09751312.js";
