#!/usr/bin/env bash
# Tries what packaging/build.sh made, as root on Debian 12.
#
#   packaging/test.sh [static|names|arm|footprint|packages|quiet|reproducible]     all but the last two without an argument
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
passed=0
trap 'stop_server; rm -rf --one-file-system "$work"' EXIT

fail() {
    echo "FAILED: $*" >&2
    echo "$passed passed, 1 failed"
    exit 1
}

pass() {
    echo "ok: $*"
    passed=$((passed + 1))
}

server=
stop_server() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    server=
}

# Starts a program in a root of its own and waits until it says that it is ready. The emulator comes first for arm.
start_in() {
    local where=$1
    shift
    (cd / && exec chroot "$where" "$@" serve --data-dir /data --any-port >"$work/out" 2>&1) &
    server=$!
    for _ in $(seq 600); do
        [ -s "$where/data/ready.json" ] && return
        kill -0 "$server" 2>/dev/null || fail "the server ended: $(cat "$work/out")"
        sleep 0.1
    done
    fail "the server is not ready: $(cat "$work/out")"
}

url_of() {
    sed 's/.*"http":\["\([^"]*\)".*/\1/' "$1/data/ready.json"
}

port_of() {
    sed 's/.*"sftp":\["[^"]*:\([0-9]*\)".*/\1/' "$1/data/ready.json"
}

answers() {
    local where=$1 url
    url=$(url_of "$where" | sed 's#//[^:]*\(.*\):#//127.0.0.1:#')
    [ "$(curl -sk --max-time 20 "$url/healthz")" = ok ] || fail "no answer over HTTPS at $url"
    ssh-keyscan -T 20 -p "$(port_of "$where")" 127.0.0.1 2>/dev/null | grep -q ssh-ed25519 || fail "no answer over SSH"
}

# A binary, a folder for its data, and nothing else: no /dev, no /etc, no libraries.
try_static() {
    local where=$work/empty
    mkdir -p "$where/data"
    cp dist/entrepot-x86_64 "$where/entrepot"
    # Without a database of time zones a rule says what the local time is.
    local zone=XXX-5:45 hours
    hours=$(TZ=$zone date +%FT%H)
    TZ=$zone start_in "$where" /entrepot
    hours="$hours\|$(TZ=$zone date +%FT%H)"
    answers "$where"
    ! grep -q '\.so' "/proc/$server/maps" || fail "the static binary loaded a library"
    grep -q "\"time\":\"\($hours\)" "$where/data/log/entrepot.log" || fail "local time in the log: $(head -1 "$where/data/log/entrepot.log")"
    pass "serves HTTPS and SSH from an otherwise empty root; resident $(awk '/^VmRSS/{print $2}' "/proc/$server/status") KiB"
    echo 'a passphrase of the test' >"$where/passphrase"
    chroot "$where" /entrepot backup --data-dir /data --passphrase-file /passphrase /it.backup >"$work/out" 2>&1 ||
        fail "backup beside the running server: $(cat "$work/out")"
    stop_server
    chroot "$where" /entrepot restore --data-dir /restored --passphrase-file /passphrase /it.backup >"$work/out" 2>&1 ||
        fail "restore: $(cat "$work/out")"
    cmp -s "$where/data/id_ed25519" "$where/restored/id_ed25519" || fail "the host key was not restored"
    pass "a backup was made beside the running server and restored"
}

# nsswitch.conf names modules of a foreign C library: they must not be loaded. Names are asked of a server of this test, in a
# network of its own.
try_names() {
    local where=$work/names
    mkdir -p "$where/data" "$where/etc" "$where/lib/x86_64-linux-gnu" "$where/usr/lib/x86_64-linux-gnu"
    cp dist/entrepot-x86_64 "$where/entrepot"
    echo 'hosts: files mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] myhostname dns' >"$where/etc/nsswitch.conf"
    echo 'passwd: files ldap sss' >>"$where/etc/nsswitch.conf"
    for module in mdns4_minimal resolve myhostname ldap sss; do
        head -c 4096 /dev/urandom >"$where/lib/x86_64-linux-gnu/libnss_$module.so.2"
    done
    start_in "$where" /entrepot
    answers "$where"
    ! grep -q '\.so' "/proc/$server/maps" || fail "a module of the host was loaded"
    stop_server
    # The doctor asks for the mail server by its name: by DNS, for there is no /etc/hosts.
    unshare -n python3 packaging/test_names.py mail.example \
        strace -f -o "$work/trace" chroot "$where" /entrepot doctor --data-dir /data >"$work/out" 2>&1 || true
    grep -q 'the mail server mail.example:.* can be reached' "$work/out" || fail "DNS: $(cat "$work/out")"
    ! grep -q 'libnss' "$work/trace" || fail "a module of the host was looked for"
    pass "names are resolved, and foreign modules in nsswitch.conf are left alone"
}

try_arm() {
    local where=$work/arm
    mkdir -p "$where/data"
    cp dist/entrepot-aarch64 "$where/entrepot"
    cp /usr/bin/qemu-aarch64-static "$where/qemu"
    start_in "$where" /qemu /entrepot
    answers "$where"
    pass "aarch64 serves HTTPS and SSH (emulated)"
    stop_server
}

try_packages() {
    local where=$work/debian package
    package=$(ls dist/entrepot_*_amd64.deb)
    lintian --fail-on error "$package" >"$work/lintian" || fail "lintian: $(cat "$work/lintian")"
    pass "lintian: no errors"
    debootstrap --variant=minbase --include=adduser,debconf bookworm "$where" >"$work/debootstrap" 2>&1 ||
        fail "debootstrap: $(tail -3 "$work/debootstrap")"
    cp "$package" "$where/entrepot.deb"
    chroot "$where" dpkg -i /entrepot.deb >"$work/dpkg" 2>&1 || fail "install: $(cat "$work/dpkg")"
    [ "$(chroot "$where" stat -c '%U %a' /var/lib/entrepot)" = "entrepot 750" ] || fail "owner of the data folder"
    chroot "$where" getent passwd entrepot >/dev/null || fail "no system user"
    (cd / && exec chroot --userspec=entrepot "$where" /usr/bin/entrepot serve --data-dir /var/lib/entrepot --any-port >"$work/out" 2>&1) &
    server=$!
    for _ in $(seq 100); do [ -s "$where/var/lib/entrepot/ready.json" ] && break || sleep 0.1; done
    [ -s "$where/var/lib/entrepot/ready.json" ] || fail "the installed server does not start: $(cat "$work/out")"
    stop_server
    pass "installed in a fresh Debian, runs as its own user"
    [ -s "$where/usr/share/doc/entrepot/entrepot.cdx.json.gz" ] || fail "no bill of materials"
    # What an administrator did to the settings is left alone.
    rm "$where/etc/entrepot/entrepot.toml"
    chroot "$where" chgrp daemon /etc/entrepot
    chroot "$where" dpkg -i /entrepot.deb >"$work/dpkg" 2>&1 || fail "upgrade: $(cat "$work/dpkg")"
    [ -s "$where/var/lib/entrepot/entrepot.db" ] || fail "the upgrade lost the database"
    [ ! -e "$where/etc/entrepot/entrepot.toml" ] || fail "the upgrade brought removed settings back"
    [ "$(chroot "$where" stat -c %G /etc/entrepot)" = daemon ] || fail "the upgrade changed the group of the settings"
    pass "an upgrade keeps the data and what was done to the settings"
    chroot "$where" dpkg -r entrepot >"$work/dpkg" 2>&1 || fail "removal: $(cat "$work/dpkg")"
    [ -s "$where/var/lib/entrepot/entrepot.db" ] || fail "the removal lost the database"
    chroot "$where" env DEBIAN_FRONTEND=noninteractive dpkg -P entrepot >"$work/dpkg" 2>&1 || fail "purge: $(cat "$work/dpkg")"
    [ -s "$where/var/lib/entrepot/entrepot.db" ] || fail "a purge without an answer deleted the data"
    chroot "$where" dpkg -i /entrepot.deb >"$work/dpkg" 2>&1 || fail "install over kept data: $(cat "$work/dpkg")"
    [ -s "$where/var/lib/entrepot/entrepot.db" ] || fail "an installation over kept data lost it"
    chroot "$where" env ENTREPOT_PURGE=yes dpkg -P entrepot >"$work/dpkg" 2>&1 || fail "purge: $(cat "$work/dpkg")"
    [ ! -e "$where/var/lib/entrepot" ] || fail "an agreed purge left the data"
    pass "removal keeps the data, a purge asks"
    rpm -qlp dist/entrepot-*.x86_64.rpm | grep -q '^/usr/bin/entrepot$' || fail "content of the rpm"
    pass "the rpm has the program"
}

try_footprint() {
    local what
    for what in size start idle memory; do
        python3 packaging/test_footprint.py dist/entrepot-x86_64 "$what" >"$work/out" 2>&1 || fail "$what: $(cat "$work/out")"
        pass "$(tail -1 "$work/out")"
    done
}

# Ten minutes.
try_quiet() {
    python3 packaging/test_footprint.py dist/entrepot-x86_64 quiet >"$work/out" 2>&1 || fail "$(cat "$work/out")"
    pass "an idle server writes nothing to the disk"
}

try_reproducible() {
    local first second
    git clone -q . "$work/a" && git clone -q . "$work/a/b"
    (cd "$work/a" && packaging/build.sh x86_64 >/dev/null)
    (cd "$work/a/b" && packaging/build.sh x86_64 >/dev/null)
    first=$(sha256sum <"$work/a/dist/entrepot-x86_64")
    second=$(sha256sum <"$work/a/b/dist/entrepot-x86_64")
    [ "$first" = "$second" ] || fail "two builds differ"
    pass "two builds in two folders are equal"
}

if [ $# -eq 0 ]; then
    try_static
    try_names
    [ ! -f dist/entrepot-aarch64 ] || try_arm
    try_footprint
    try_packages
else
    "try_$1"
fi
echo "$passed passed, 0 failed"
