// The files of a user.

import "./tray.15d893c39d.js";
import "./browser.d1245360de.js";
