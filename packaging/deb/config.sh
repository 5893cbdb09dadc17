#!/bin/sh
# Nothing is asked at the installation: the one question, that of a purge, is asked by postrm.
set -e
. /usr/share/debconf/confmodule
db_go || true
