// The files of a user.

import "./tray.15d893c39d.js";
import "./browser.e344f8fc2a.js";
