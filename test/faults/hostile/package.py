# SPDX-License-Identifier: GPL-3.0-or-later
"""Zip files of any form, written byte by byte: what a zip program would refuse to make, too.

Formats: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.16 (end record)."""

import dataclasses
import os
import stat
import struct
import zipfile
import zlib

UNIX = 3
STORED, DEFLATED = 0, 8
ENCRYPTED = 1
DOS_TIME, DOS_DATE = 12 << 11, (2020 - 1980) << 9 | 7 << 5 | 1


@dataclasses.dataclass
class Entry:
    name: bytes
    data: bytes = b"This must stand nowhere.\n"
    mode: int = stat.S_IFREG | 0o644
    method: int = DEFLATED
    flags: int = 0
    system: int = UNIX
    # Lies: what the directory says, and what the header in front of the data says.
    directory: dict = dataclasses.field(default_factory=dict)  # size, packed_size, crc, offset, system
    local: dict = dataclasses.field(default_factory=dict)  # name, size, packed_size, crc, method

    def packed(self):
        if self.method != DEFLATED:
            return self.data
        compressor = zlib.compressobj(1, zlib.DEFLATED, -15)
        return compressor.compress(self.data) + compressor.flush()


def read(path):
    """The entries of a good package."""
    with zipfile.ZipFile(path) as archive:
        return [Entry(os.fsencode(info.filename), archive.read(info), info.external_attr >> 16) for info in archive.infolist()]


def find(entries, name):
    return next(entry for entry in entries if entry.name == name)


def local_header(name, flags, method, crc, packed_size, size):
    return struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, flags, method, DOS_TIME, DOS_DATE, crc, packed_size, size, len(name), 0) + name


def build(entries, count=None, comment=b"", disks=0, tail=b""):
    """The zip file's bytes. count: what the end record says instead of how many there are."""
    body, directory = bytearray(), bytearray()
    for entry in entries:
        packed = entry.packed()
        truth = {"size": len(entry.data), "packed_size": len(packed), "crc": zlib.crc32(entry.data), "method": entry.method,
                 "name": entry.name, "offset": len(body), "flags": entry.flags}
        told = {**truth, **entry.local}
        if "offset" not in entry.directory:
            body += local_header(told["name"], told["flags"], told["method"], told["crc"], told["packed_size"], told["size"]) + packed
        told = {**truth, **entry.directory}
        directory += struct.pack("<4sBBHHHHHIIIHHHHHII", b"PK\1\2", 20, entry.system, 20, told["flags"], told["method"], DOS_TIME,
                                 DOS_DATE, told["crc"], told["packed_size"], told["size"], len(entry.name), 0, 0, 0, 0,
                                 entry.mode << 16, told["offset"]) + entry.name
    count = len(entries) if count is None else count
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", disks, disks, count, count, len(directory), len(body), len(comment)) + comment
    return bytes(body + directory) + tail + end
