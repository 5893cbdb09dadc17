#!/bin/sh
# After removal. Files of users and the database stay, unless a purge is asked for and agreed to.
set -e
[ ! -d /run/systemd/system ] || systemctl daemon-reload || true
[ "$1" = purge ] || exit 0
rm -f /etc/systemd/system/multi-user.target.wants/entrepot.service
[ -d /var/lib/entrepot ] || exit 0
# The server may hold the only copy of somebody's files: the answer comes from the person, or from ENTREPOT_PURGE=yes.
answer=${ENTREPOT_PURGE:-}
if [ -e /usr/share/debconf/confmodule ]; then
    . /usr/share/debconf/confmodule
    if [ -z "$answer" ]; then
        db_fset entrepot/purge seen false || true
        db_input critical entrepot/purge || true
        db_go || true
        if db_get entrepot/purge && [ "$RET" = true ]; then answer=yes; fi
    fi
    db_purge || true
fi
if [ "$answer" = yes ]; then
    rm -rf /var/lib/entrepot
    if getent passwd entrepot >/dev/null && command -v deluser >/dev/null; then deluser --quiet --system entrepot >&2 || true; fi
else
    echo "Kept /var/lib/entrepot; remove it by hand when you are sure." >&2
fi
