// The files of a user.

import "./tray.3f9a8d4d4e.js";
import "./browser.2dce69f434.js";
