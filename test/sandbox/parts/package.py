# SPDX-License-Identifier: GPL-3.0-or-later
"""Zips the package, whole or spoilt in the way that a test asks for."""

import os
import stat
import struct
import zipfile

DATE = (2020, 7, 1, 12, 0, 0)


def entry(name, mode):
    info = zipfile.ZipInfo(name, DATE)
    info.create_system = 3
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def write(tree, path, without=(), evil=(), links=(), duplicates=(), bomb=0):
    """Writes under another name first: nobody sees a half package."""
    temporary = path + ".part"
    with zipfile.ZipFile(temporary, "w") as archive:
        for name, (mode, content) in tree.entries.items():
            name = os.fsdecode(name)
            if name not in without:
                archive.writestr(entry(name, mode), content, compresslevel=1)
        for name in evil:
            archive.writestr(entry(name, stat.S_IFREG | 0o644), b"This must stand nowhere.\n")
        for name, target in links:
            archive.writestr(entry(name, stat.S_IFLNK | 0o777), os.fsencode(target))
        for name in duplicates:
            archive.writestr(entry(name, stat.S_IFREG | 0o644), b"The second of this name.\n")
        if bomb:
            archive.writestr(entry("vendor/bomb.bin", stat.S_IFREG | 0o644), bytes(bomb))
    os.replace(temporary, path)


def corrupt(path, name):
    """Turns a bit in the entry's recorded CRC, in both headers: its bytes no longer fit."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
        directory = archive.start_dir
    with open(path, "r+b") as file:
        data = file.read()
        place = directory
        while data[place:place + 4] == b"PK\1\2":
            lengths = struct.unpack_from("<HHH", data, place + 28)
            if struct.unpack_from("<I", data, place + 42)[0] == info.header_offset:
                break
            place += 46 + sum(lengths)
        for field in (place + 16, info.header_offset + 14):
            file.seek(field)
            file.write(bytes([data[field] ^ 1]))


def truncate(path, size):
    os.truncate(path, size if size >= 0 else os.path.getsize(path) + size)
