#!/bin/sh
# Before removal ($1 = remove on Debian, 0 with rpm); not on upgrades.
set -e
if [ "$1" = remove ] || [ "$1" = 0 ]; then
    if command -v systemctl >/dev/null; then
        [ ! -d /run/systemd/system ] || systemctl stop entrepot.service || true
        systemctl disable entrepot.service >/dev/null 2>&1 || true
    fi
fi
