// The files of a user.

import "./tray.f06a100316.js";
import "./browser.a4b4faabf7.js";
