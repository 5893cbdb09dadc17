#!/usr/bin/env python3
"""What is inside the binary, and under which licence.

    packaging/licenses.py             writes assets/licenses.txt, which `entrepot licenses` prints
    packaging/licenses.py --check     fails if that file is not what this commit would give
    packaging/licenses.py --sbom F    writes a CycloneDX 1.5 document to F

Reads `cargo metadata` and the licence files of the packages' sources; nothing is downloaded that a build would not.
"""

import json
import pathlib
import re
import subprocess
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXT = ROOT / "assets" / "licenses.txt"
TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"]
NAMES = re.compile(r"^(licen[cs]e|copying|notice|unlicense)", re.IGNORECASE)

# C code that packages bring along, and the C library of a static build: cargo does not know of them.
NOT_CRATES = """\
SQLite (in libsqlite3-sys): public domain.
AWS-LC (in aws-lc-sys): Apache-2.0 OR ISC, with parts under the OpenSSL licence; texts at aws-lc-sys.
GNU C Library (statically linked builds only): LGPL-2.1-or-later. Its source is that of Debian 12's package glibc. To relink
with another version, build Entrepot from its source, which is all there: packaging/build.sh.
"""


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def shipped():
    """The packages that are linked, of both targets: no build scripts' and no tests' dependencies, no procedural macros."""
    packages = {}
    metadata = json.loads(run("cargo", "metadata", "--format-version", "1", "--locked"))
    for package in metadata["packages"]:
        is_macro = any("proc-macro" in kind for part in package["targets"] for kind in part["kind"])
        if package["source"] and not is_macro:
            packages[(package["name"], package["version"])] = package
    found = set()
    for target in TARGETS:
        tree = run("cargo", "tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none", "--target", target)
        found.update((line.split()[0], line.split()[1].lstrip("v")) for line in tree.splitlines() if line.strip())
    return [packages[key] for key in sorted(found) if key in packages]


def is_apache(package):
    """Whether it may be taken under our own licence, whose text is there once."""
    licence = package["license"] or ""
    return " AND " not in licence and "Apache-2.0" in re.split(r"\s+OR\s+|\s*/\s*", licence)


def texts(package):
    """Licence files of a package, with their line ends made equal; of those taken under Apache-2.0 their notices."""
    names = re.compile("^notice", re.IGNORECASE) if is_apache(package) else NAMES
    folder = pathlib.Path(package["manifest_path"]).parent
    for path in sorted(folder.iterdir()):
        if path.is_file() and names.match(path.name) and path.suffix not in (".rs", ".py", ".toml"):
            text = path.read_text("utf-8", "replace").replace("\r\n", "\n").replace("\f", "")
            yield "\n".join(line.rstrip() for line in text.strip().split("\n"))


def document(packages):
    lines = ["Entrepot is licensed under the Apache License 2.0. It contains the following software.", "", NOT_CRATES]
    users, order = {}, []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        taken = " (taken under Apache-2.0)" if is_apache(package) and package["license"] != "Apache-2.0" else ""
        lines.append(f"{name}: {package['license'] or 'see its text'}{taken}")
        for text in texts(package):
            # The same licence with another year or name is another text: it must be given as it is.
            key = re.sub(r"\s+", " ", text)
            if key not in users:
                users[key] = (text, [])
                order.append(key)
            if name not in users[key][1]:
                users[key][1].append(name)
    for key in order:
        text, names = users[key]
        lines += ["", "-" * 80, "Of " + ", ".join(names) + ":", "", text]
    lines += ["", "-" * 80, "Of Entrepot, and of what is taken under Apache-2.0:", "", (ROOT / "LICENSE").read_text().strip()]
    return "\n".join(lines) + "\n"


def bill(packages):
    components = [
        {
            "type": "library",
            "name": package["name"],
            "version": package["version"],
            "purl": f"pkg:cargo/{package['name']}@{package['version']}",
            "licenses": [{"expression": (package["license"] or "NOASSERTION").replace("/", " OR ")}],
        }
        for package in packages
    ]
    identity = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components, sort_keys=True))
    version = re.search(r'\[workspace\.package\]\nversion = "(.*?)"', (ROOT / "Cargo.toml").read_text()).group(1)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{identity}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "entrepot", "version": version}},
        "components": components,
    }


def main():
    packages = shipped()
    if sys.argv[1:2] == ["--sbom"]:
        pathlib.Path(sys.argv[2]).write_text(json.dumps(bill(packages), indent=1) + "\n")
        return 0
    text = document(packages)
    if sys.argv[1:] == ["--check"]:
        if TEXT.read_text() != text:
            print("assets/licenses.txt is not what Cargo.lock says: run packaging/licenses.py", file=sys.stderr)
            return 1
        return 0
    TEXT.write_text(text)
    print(f"{TEXT.relative_to(ROOT)}: {len(packages)} packages, {len(text)} bytes")
    return 0


sys.exit(main())
