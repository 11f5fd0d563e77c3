# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian packages of the tree as it stands, as packaging/bootstrap package makes them."""

import json
import pathlib
import re
import shutil
import subprocess

from debian_root import Unavailable, find, run

TOP = pathlib.Path(__file__).resolve().parents[2]
OUT = TOP / "build-package"
PACKAGES = ("libmigrations-reader-dev", "libmigrations-reader0", "mautic-upgraded", "migrations-reader")
NEWER = "+newer1"


def grammar_of(build):
    """The folder of the PHP grammar that BUILD was made with."""
    named = ""
    if build:
        options = json.loads((pathlib.Path(build) / "meson-info/intro-buildoptions.json").read_text(encoding="utf-8"))
        named = next(option["value"] for option in options if option["name"] == "tree_sitter_php")
    folder = pathlib.Path(named or TOP / "packaging/grammar/node_modules/tree-sitter-php")
    if not (folder / "php_only/src/parser.c").exists():
        raise Unavailable("the PHP grammar was not fetched")
    return folder


def built_packages(grammar):
    """By their names; made once for the same source."""
    for program in ("dpkg-buildpackage", "dh", "lintian"):
        if not find(program):
            raise Unavailable(f"{program} is not installed")
    missing = subprocess.run(["dpkg-checkbuilddeps", TOP / "packaging/debian/control"], stderr=subprocess.PIPE, text=True, check=False)
    if missing.returncode:
        raise Unavailable(missing.stderr.strip().splitlines()[-1])
    run(TOP / "packaging/package", grammar)
    return {name: next(OUT.glob(f"{name}_*.deb")) for name in PACKAGES}


def newer(package, folder):
    """The same with a higher version, as a build of it would be."""
    tree = folder / "tree"
    run("dpkg-deb", "--raw-extract", package, tree)
    control = tree / "DEBIAN/control"
    version = re.search(r"^Version: (.*)$", control.read_text(encoding="utf-8"), re.M).group(1)
    control.write_text(control.read_text(encoding="utf-8").replace(version, version + NEWER), encoding="utf-8")
    target = folder / package.name.replace(version, version + NEWER)
    run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, target)
    shutil.rmtree(tree)
    return target
