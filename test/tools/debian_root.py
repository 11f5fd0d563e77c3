# SPDX-License-Identifier: GPL-3.0-or-later
"""A clean Debian in a folder, made by debootstrap from where this machine's own packages come from. What takes minutes to
make is kept below $XDG_CACHE_HOME/mautic-upgraded (or ~/.cache/mautic-upgraded) for the next time."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

LAYOUT = "1"  # of what is kept; another one makes all of it anew


class Unavailable(Exception):
    """This can't be made here; the words say why."""


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def run(*words, **options):
    """What it said; RuntimeError with the end of that when it failed."""
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {done.stdout.decode(errors='replace')[-1000:]}")
    return done.stdout.decode(errors="replace")


def release():
    """(codename, mirror) of this machine's Debian; the mirror is the one that apt asks for the release itself."""
    with open("/etc/os-release", encoding="utf-8") as file:
        facts = dict(line.rstrip().split("=", 1) for line in file if "=" in line)
    name = facts.get("VERSION_CODENAME", "").strip('"')
    if facts.get("ID") == "debian":
        lines = run("apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)", "Created-By: Packages")
        for line in lines.splitlines():
            codename, component, mirror = line.split(" ", 2)
            if (codename, component) == (name, "main"):
                return name, mirror
    raise Unavailable("this is no Debian whose packages a root could be made of")


def proxies():
    """apt's own ways out, for debootstrap, which does not ask apt."""
    found = {}
    for protocol in ("http", "https"):
        words = run("apt-config", "shell", "proxy", f"Acquire::{protocol}::Proxy").strip()
        if words:
            found[f"{protocol}_proxy"] = words.partition("=")[2].strip("'")
    return found


def environment():
    """For debootstrap and what runs in a root. What asks for a language finds none there but C."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("LC_") and name != "LANG"}
    return {**plain, **proxies(), "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def in_root(root, *words, **options):
    return run("chroot", root, *words, env=environment(), **options)


def make_root(root, codename, mirror, packages=(), satisfy=""):
    """A minimal system with these packages, and with what the dependencies in `satisfy` (as in a package's Depends) ask for.
    No service starts in it by being installed."""
    run("debootstrap", "--variant=minbase", codename, root, mirror, env=environment())
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    if packages:
        in_root(root, "apt-get", "install", "-qy", "--no-install-recommends", *packages)
    if satisfy:
        in_root(root, "apt-get", "satisfy", "-qy", "--no-install-recommends", satisfy)
    in_root(root, "apt-get", "clean")
    (root / "etc/hosts").write_text("127.0.0.1 localhost machine\n", encoding="ascii")


def cache_folder(given=None):
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(given or os.path.join(home, "mautic-upgraded"))


def kept(name, facts, make, cache=None):
    """The folder that make(folder) has filled, once for the same facts."""
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
    wanted = cache_folder(cache) / f"{name}-{digest}"
    if wanted.is_dir():
        return wanted
    if os.geteuid() != 0:
        raise Unavailable("only root can make a Debian root")
    wanted.parent.mkdir(parents=True, exist_ok=True)
    making = pathlib.Path(tempfile.mkdtemp(prefix="making-", dir=wanted.parent))
    try:
        make(making)
        try:
            making.rename(wanted)
        except OSError:
            if not wanted.is_dir():  # else another has made the same meanwhile
                raise
    except RuntimeError as error:
        raise Unavailable(f"a Debian root can't be made: {error}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return wanted


def kept_root(packages=(), satisfy="", cache=None):
    """A system as of make_root, made once. Not to be changed: copy_root."""
    if not find("debootstrap"):
        raise Unavailable("debootstrap is not installed")
    codename, mirror = release()
    return kept("root", [LAYOUT, codename, mirror, *sorted(packages), satisfy],
                lambda folder: make_root(folder / "root", codename, mirror, packages, satisfy), cache) / "root"


def copy_root(root, copy):
    run("cp", "-a", "--reflink=auto", root, copy)
