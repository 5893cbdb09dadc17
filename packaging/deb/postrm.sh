#!/bin/sh
# After removal. Files of users and the database stay, unless a purge is asked for and agreed to.
set -e
[ ! -d /run/systemd/system ] || systemctl daemon-reload || true
[ "$1" = purge ] || exit 0
rm -f /etc/systemd/system/multi-user.target.wants/entrepot.service
[ -d /var/lib/entrepot ] || exit 0
# The server may hold the only copy of somebody's files: the answer comes from the person, or from ENTREPOT_PURGE=yes.
answer=${ENTREPOT_PURGE:-}
if [ -z "$answer" ] && [ "${DEBIAN_FRONTEND:-}" != noninteractive ] && [ -t 0 ]; then
    printf 'Delete /var/lib/entrepot with its database, keys and the files of users? [y/N] '
    read -r answer || answer=
fi
case "$answer" in
y | Y | yes)
    rm -rf /var/lib/entrepot
    if getent passwd entrepot >/dev/null && command -v deluser >/dev/null; then deluser --quiet --system entrepot || true; fi
    ;;
*) echo "Kept /var/lib/entrepot; remove it by hand when you are sure." ;;
esac
