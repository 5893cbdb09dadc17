#!/bin/sh
# After the installation or an upgrade, on Debian ($1 = configure) and with rpm ($1 = 1 or 2).
set -e

if ! getent passwd entrepot >/dev/null; then
    if command -v adduser >/dev/null && [ -e /etc/debian_version ]; then
        adduser --system --group --quiet --home /var/lib/entrepot --no-create-home --shell /usr/sbin/nologin entrepot
    else
        getent group entrepot >/dev/null || groupadd --system entrepot
        useradd --system --gid entrepot --home-dir /var/lib/entrepot --no-create-home --shell /sbin/nologin \
            --comment "Entrepot file transfer server" entrepot
    fi
fi

# A folder that exists keeps its content, owner and mode.
[ -d /var/lib/entrepot ] || install -d -o entrepot -g entrepot -m 0750 /var/lib/entrepot
# The server reads its settings. An upgrade leaves what an administrator changed, or took away, as it is.
if [ "$1" = configure ] && [ -z "$2" ] || [ "$1" = 1 ]; then
    chgrp entrepot /etc/entrepot
    chmod 0750 /etc/entrepot
    [ ! -e /etc/entrepot/entrepot.toml ] || chgrp entrepot /etc/entrepot/entrepot.toml
fi

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || true
    if [ "$1" = configure ] && [ -z "$2" ] || [ "$1" = 1 ]; then
        systemctl enable --now entrepot.service || true
        echo "Entrepot is starting. Its one-time setup address: sudo cat /var/lib/entrepot/setup-url"
    else
        systemctl try-restart entrepot.service || true
    fi
elif [ "$1" = configure ] && [ -z "$2" ] || [ "$1" = 1 ]; then
    # No running systemd (an image is being built): enabled for the next start.
    if command -v systemctl >/dev/null; then systemctl enable entrepot.service >/dev/null 2>&1 || true; fi
fi
