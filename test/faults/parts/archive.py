# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that mean harm or are broken: refused with the right words before a file of the site is touched, and none of
what is in them gets out of the state folder; with a good package the upgrade then goes on to its right end."""

import functools
import json
import os
import stat
import zlib

from harness import Case, Lost, Outcome, Site
from hostile import package
from hostile.package import Entry

TITLE = "hostile packages"
CODE = "ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED"
METADATA = b"app/release_metadata.json"
MIB = 1 << 20
# Small enough that what is beyond it is made quickly.
LIMITS = {"extract.entries": "5000", "extract.limit": "64M", "package.limit": "32M"}


def adding(*more):
    """The good package with these entries behind its own."""
    return lambda entries, _: package.build([*entries, *more])


def outside(name):
    """An entry whose absolute name leads into the site's box."""
    return lambda entries, box: package.build([*entries, Entry(os.fsencode(box / name))])


def changing(name, /, **values):
    """The good package with one of its entries changed."""

    def build(entries, _):
        entry = package.find(entries, name)
        for field, value in values.items():
            setattr(entry, field, value)
        return package.build(entries)

    return build


def without(name):
    return lambda entries, _: package.build([entry for entry in entries if entry.name != name])


def saying(**values):
    """The good package whose end record or frame says something else."""
    return lambda entries, _: package.build(entries, **values)


def metadata(text):
    return changing(METADATA, data=text if isinstance(text, bytes) else json.dumps(text).encode())


def release(version):
    return {"version": version, "minimum_php_version": "7.2.21", "maximum_php_version": "99.0.0"}


def cut(size):
    return lambda entries, _: package.build(entries)[:size]


def begin_of_more(entries):
    """Where the first entry behind these begins."""
    return package.build(entries).index(b"PK\1\2")


def shared(entries, _):
    """Many entries of the same bytes: each small and modest, together a bomb."""
    big = Entry(b"vendor/shared-0.bin", bytes(range(256)) * 64)
    told = {"offset": begin_of_more(entries), "size": len(big.data), "packed_size": len(big.packed()), "crc": zlib.crc32(big.data)}
    return package.build([*entries, big, *(Entry(b"vendor/shared-%d.bin" % number, directory=told) for number in range(1, 50))])


def overlapping(entries, _):
    """An entry that holds another, header and all: what is packed once unpacks twice, and so on."""
    inner = Entry(b"vendor/inner.bin", bytes(range(256)) * 64)
    told = {"size": len(inner.data), "packed_size": len(inner.packed()), "crc": zlib.crc32(inner.data)}
    header = package.local_header(inner.name, 0, package.DEFLATED, **told)
    outer = Entry(b"vendor/outer.bin", header + inner.packed(), method=package.STORED)
    inner.directory = {"offset": begin_of_more(entries) + len(package.local_header(outer.name, 0, 0, 0, 0, 0)), **told}
    return package.build([*entries, outer, inner])


def second_directory(entries, _):
    """The comment holds an end record of its own: programs that look for one from different sides see different packages."""
    good = package.build(entries)
    return package.build([*entries, Entry(b"../evil.php")], comment=good[-22:])


def swapped_directories(entries, _):
    """Two directories with as many entries: one of plain names, one that leads out."""
    evil = [*entries[:-1], Entry(b"../evil.php")]
    good = package.build(entries)
    return package.build(evil, comment=good[-22:])


def lying_size(entries, _):
    """Says that it is small, and unpacks to much."""
    return package.build([*entries, Entry(b"vendor/bomb.bin", bytes(40 * MIB), directory={"size": 100}, local={"size": 100})])


def folders_deep(count):
    return adding(Entry(b"/".join([b"d"] * count) + b"/deep.txt"))


def many(entries, _):
    return package.build([*entries, *(Entry(b"vendor/many/%d" % number, b"", method=package.STORED) for number in range(5000))])


def bulky(entries, _):
    """Modest files that are too much together."""
    return package.build([*entries, *(Entry(b"vendor/bulk-%d" % number, os.urandom(24 * 1024) * 350) for number in range(8))])


# name: (what is made of the good package's entries and the site's box, reason, words that the message must have)
REFUSED = {
    "a name that leads up": (adding(Entry(b"../evil.php")), "package_hostile", "../evil.php"),
    "a name that leads up on its way": (adding(Entry(b"app/../../evil.php")), "package_hostile", "app/../../evil.php"),
    "an absolute name": (outside("evil.php"), "package_hostile", "absolute"),
    "an absolute name behind two slashes": (adding(Entry(b"//evil.php")), "package_hostile", "absolute"),
    "a name with backslashes": (adding(Entry(b"..\\evil.php")), "package_hostile", "backslash"),
    "a name with a drive": (adding(Entry(b"C:\\evil.php")), "package_hostile", "backslash"),
    "a name with an empty part": (adding(Entry(b"app//evil.php")), "package_hostile", "empty part"),
    "a name with a dot for a part": (adding(Entry(b"app/./evil.php")), "package_hostile", "app/./evil.php"),
    "no name": (adding(Entry(b"")), "package_hostile", "no name"),
    "a name with a NUL": (adding(Entry(b"evil.php\0.txt")), "package_hostile", "NUL"),
    "a name with a line break": (adding(Entry(b"evil\n.php")), "package_hostile", "control character"),
    "a name with an escape": (adding(Entry(b"\x1b[2Jevil.php")), "package_hostile", "control character"),
    "a part of a name that is too long": (adding(Entry(b"e" * 256)), "package_hostile", "too long"),
    "a name that is too long": (adding(Entry(b"/".join([b"e" * 200] * 20))), "package_hostile", "too long"),
    "folders too deep": (folders_deep(65), "package_hostile", "too many folders"),
    "a symbolic link": (adding(Entry(b"media/link", b"/etc", stat.S_IFLNK | 0o777)), "package_hostile", "symbolic link"),
    "a file below a symbolic link": (
        adding(Entry(b"media/link", b"../..", stat.S_IFLNK | 0o777), Entry(b"media/link/evil.php")), "package_hostile", "media/link"),
    "a file below a symbolic link, in front of it": (
        adding(Entry(b"media/link/evil.php"), Entry(b"media/link", b"../..", stat.S_IFLNK | 0o777)), "package_hostile", "media/link"),
    "a device": (adding(Entry(b"vendor/device", b"", stat.S_IFBLK | 0o666)), "package_hostile", "device"),
    "a pipe": (adding(Entry(b"vendor/pipe", b"", stat.S_IFIFO | 0o666)), "package_hostile", "pipe"),
    "a socket": (adding(Entry(b"vendor/socket", b"", stat.S_IFSOCK | 0o666)), "package_hostile", "socket"),
    "one name twice": (adding(Entry(b"index.php", b"<?php evil();")), "package_hostile", "index.php"),
    "one folder twice": (
        adding(Entry(b"evil/", b"", stat.S_IFDIR | 0o755), Entry(b"evil/", b"", stat.S_IFDIR | 0o777)), "package_hostile", "evil"),
    "a file and a folder of one name": (
        adding(Entry(b"evil"), Entry(b"evil/", b"", stat.S_IFDIR | 0o755)), "package_hostile", "as a file and as a folder"),
    "a file behind a file": (adding(Entry(b"index.php/evil.php")), "package_hostile", "as a file and as a folder"),
    "a file with the name of a folder": (adding(Entry(b"evil/")), "package_hostile", "name of a folder"),
    "a folder with the name of a file": (
        adding(Entry(b"evil", b"", stat.S_IFDIR | 0o755)), "package_hostile", "name of a file"),
    "a bomb in one file": (adding(Entry(b"vendor/bomb.bin", bytes(60 * MIB))), "package_hostile", "extract.ratio"),
    "a bomb of many files": (bulky, "package_hostile", "extract.limit"),
    "a bomb that says it is small": (lying_size, "package_damaged", "vendor/bomb.bin"),
    "a bomb of entries that share their data": (shared, "package_hostile", "another name"),
    "a bomb of entries that hold others": (overlapping, "package_hostile", "overlap"),
    "too many entries": (many, "package_hostile", "extract.entries"),
    "a package beyond its limit": (adding(Entry(b"vendor/big.bin", os.urandom(MIB) * 33, method=package.STORED)), "package_hostile",
                                   "package.limit"),
    "another name in front of the data": (
        changing(b"index.php", local={"name": b"../evil.php"}), "package_hostile", "index.php"),
    "another method in front of the data": (
        changing(b"index.php", local={"method": package.STORED}), "package_hostile", "index.php"),
    "another size in front of the data": (changing(b"index.php", local={"size": 7}), "package_hostile", "index.php"),
    "another CRC in front of the data": (changing(b"index.php", local={"crc": 7}), "package_hostile", "index.php"),
    "no header in front of the data": (
        adding(Entry(b"evil.php", directory={"offset": 7})), "package_damaged", "evil.php"),
    "data behind the end of the file": (
        adding(Entry(b"evil.php", directory={"offset": 1 << 30})), "package_damaged", "evil.php"),
    "an encrypted file": (changing(b"index.php", flags=package.ENCRYPTED), "package_damaged", "encrypted"),
    "an unknown compression": (adding(Entry(b"evil.php", method=97)), "package_damaged", "unknown method"),
    "a wrong CRC": (changing(b"index.php", directory={"crc": 7}, local={"crc": 7}), "package_damaged", "index.php"),
    "a damaged file": (
        changing(b"index.php", method=package.DEFLATED, directory={"packed_size": 3}, local={"packed_size": 3}), "package_damaged", "index.php"),
    "more entries told than there are": (saying(count=4999), "package_damaged", "directory"),
    "fewer entries told than there are": (saying(count=3), "package_damaged", "archive"),
    "a directory cut short": (cut(-40), "package_damaged", "zip"),
    "no directory": (cut(20000), "package_damaged", "zip"),
    "an empty file": (cut(0), "package_damaged", "zip"),
    "a page instead of a package": (lambda *_: b"<html>404</html>", "package_damaged", "zip"),
    "a piece of a package of several": (saying(disks=1), "package_damaged", "zip"),
    "two directories": (second_directory, "package_damaged", "director"),
    "two directories of one size": (swapped_directories, "package_damaged", "director"),
    "no metadata": (without(METADATA), "package_wrong_version", "release_metadata.json"),
    "metadata that are none": (metadata(b"<?php"), "package_wrong_version", "release_metadata.json"),
    "metadata too large": (metadata(b" " * 100000), "package_wrong_version", "release_metadata.json"),
    "metadata without a version": (metadata({"stability": "stable"}), "package_wrong_version", "release_metadata.json"),
    "Mautic 2": (metadata(release("2.16.5")), "package_wrong_version", "2.16.5"),
    "a version with a line break": (metadata(release("3.0.2\n")), "package_wrong_version", "needed"),
    "no index.php": (without(b"index.php"), "package_wrong_version", "index.php"),
    "no bin/console": (without(b"bin/console"), "package_wrong_version", "bin/console"),
    "a folder instead of index.php": (
        changing(b"index.php", name=b"index.php/", data=b"", mode=stat.S_IFDIR | 0o755), "package_wrong_version", "index.php"),
}

# What is taken, as it does no harm once it is made harmless: the same end as with the good package.
TAKEN = {
    "the set-user-ID bit": changing(b"bin/console", mode=stat.S_IFREG | 0o6755),
    "a file that everybody may write": changing(b"index.php", mode=stat.S_IFREG | 0o666),
    "a file that nobody may read": changing(b"index.php", mode=stat.S_IFREG | 0o044),
    "a file without a mode": changing(b"index.php", mode=0),
    "a comment": saying(comment=b"Mautic\nPK\5\6"),
}


def untouched(site):
    """What a refused package must not change: the site's files, and which names there are beside it."""
    lines = [line for line in site.tree().splitlines() if b"upgrade_log.txt" not in line]
    names = sorted(name for name in os.listdir(site.box) if not name.startswith(("daemon.log", "console-")))
    return lines, names


def refuse(site, entries, name, act):
    """One hostile package: `act` starts or resumes the upgrade, which must fail. Returns what is wrong with how it did."""
    make, reason, words = REFUSED[name]
    with open(site.facts["package"], "wb") as file:
        file.write(make([Entry(entry.name, entry.data, entry.mode) for entry in entries], site.box))
    status = act()
    if status["state"] != "failed":
        raise Lost(f"{name}: {status['state']} with a hostile package")
    code, found, message = site.failure()
    if (code, found) != (CODE, reason) or words not in message:
        return [f"{name}: {code} {found} instead of {CODE} {reason} ({words}): {message}"]
    return []


def try_refused(names, bench):
    with Site(bench, settings=LIMITS) as site:
        good = open(site.facts["package"], "rb").read()
        entries = package.read(site.facts["package"])
        before = untouched(site)
        site.start()
        act = site.upgrade
        wrong = []
        for name in names:
            wrong += refuse(site, entries, name, act)
            act = site.resume
        if wrong:
            raise Lost("\n".join(wrong))
        after = untouched(site)
        if before != after:
            raise Lost(f"a refused package has touched the site: {set(before[0]) ^ set(after[0])} {set(before[1]) ^ set(after[1])}")
        with open(site.facts["package"], "wb") as file:
            file.write(good)
        site.resume()
        site.check_finished()
    return Outcome.FAILED_RIGHTLY


def try_taken(name, bench):
    with Site(bench) as site:
        entries = package.read(site.facts["package"])
        with open(site.facts["package"], "wb") as file:
            file.write(TAKEN[name](entries, site.box))
        site.start()
        site.upgrade()
        site.check_finished()
    return Outcome.RIGHT_END


def cases(_bench, _everything):
    return [
        Case(f"{len(REFUSED)} of them, one after another", functools.partial(try_refused, tuple(REFUSED))),
        *(Case(name, functools.partial(try_refused, (name,)), sampled=False) for name in REFUSED),
        *(Case(name, functools.partial(try_taken, name), sampled=number == 0) for number, name in enumerate(TAKEN)),
    ]
