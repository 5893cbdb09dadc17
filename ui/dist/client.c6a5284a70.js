// The files of a user.

import "./tray.881774cf61.js";
import "./browser.df4ede9560.js";
