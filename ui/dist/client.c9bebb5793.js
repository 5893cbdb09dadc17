// The files of a user.

import "./tray.1bd9abde53.js";
import "./browser.84bfbd51ab.js";
