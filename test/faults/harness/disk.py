# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk with a cache that forgets: a server of the network block device protocol on a Unix socket, in front of a file.

What is written is on the disk after a flush (or at once, where the write asks for that). When the power is cut, each page
of the rest is there or not, as a real disk leaves it.

The protocol: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md"""

import os
import random
import socket
import struct
import threading

PAGE = 4096
OPTION_MAGIC = 0x49484156454F5054
REPLY_MAGIC = 0x3E889045565A9
EXPORT_NAME, ABORT, GO = 1, 2, 7
ACKNOWLEDGED, INFORMATION, UNSUPPORTED = 1, 3, 0x80000001
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
FORCED = 1  # this write is to be on the disk when it is answered
CAN_FLUSH_AND_FORCE = 1 | 4 | 8


class VolatileDisk:
    """Serves `image` on the socket `path`. After `limit` writes the power is cut: on_cut() is called, and a part of what
    was not flushed is forgotten, chosen by the seed (None: all of it)."""

    def __init__(self, image, path, limit=None, seed=None, on_cut=None):
        self.writes = 0
        self.was_cut = False
        self._limit = limit
        self._seed = seed
        self._on_cut = on_cut
        self._file = os.open(image, os.O_RDWR | os.O_CLOEXEC)
        self._size = os.fstat(self._file).st_size
        self._cache = {}
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        """What was not flushed is lost here as well: whoever ends well has flushed."""
        self._listener.close()
        self._thread.join()
        os.close(self._file)

    def _serve(self):
        try:
            self._listener.settimeout(60)
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.settimeout(None)
        with connection, connection.makefile("rb") as stream:
            try:
                if self._negotiate(connection, stream):
                    self._answer(connection, stream)
            except (OSError, struct.error):
                pass  # the machine was killed

    def _negotiate(self, connection, stream):
        connection.sendall(b"NBDMAGIC" + struct.pack(">QH", OPTION_MAGIC, 3))
        take(stream, 4)
        while True:
            _, option, size = struct.unpack(">QII", take(stream, 16))
            take(stream, size)
            if option == EXPORT_NAME:
                connection.sendall(struct.pack(">QH", self._size, CAN_FLUSH_AND_FORCE))
                return True
            if option == GO:
                export = struct.pack(">HQH", 0, self._size, CAN_FLUSH_AND_FORCE)
                connection.sendall(struct.pack(">QIII", REPLY_MAGIC, option, INFORMATION, len(export)) + export
                                   + struct.pack(">QIII", REPLY_MAGIC, option, ACKNOWLEDGED, 0))
                return True
            connection.sendall(struct.pack(">QIII", REPLY_MAGIC, option, ACKNOWLEDGED if option == ABORT else UNSUPPORTED, 0))
            if option == ABORT:
                return False

    def _answer(self, connection, stream):
        while True:
            _, flags, kind, handle, offset, size = struct.unpack(">IHHQQI", take(stream, 28))
            data = b""
            if kind == DISCONNECT:
                return
            if kind == WRITE:
                data = take(stream, size)
                self.writes += 1
                if self._limit and self.writes >= self._limit:
                    self._cut()
                    return
                self._write(offset, data, flags & FORCED)
                data = b""
            elif kind == READ:
                data = self._read(offset, size)
            elif kind == FLUSH:
                self._flush()
            connection.sendall(struct.pack(">IIQ", 0x67446698, 0, handle) + data)

    def _page(self, number):
        found = self._cache.get(number)
        return found if found is not None else os.pread(self._file, PAGE, number * PAGE)

    def _read(self, offset, size):
        first, end = offset // PAGE, (offset + size + PAGE - 1) // PAGE
        if not any(number in self._cache for number in range(first, end)):
            return os.pread(self._file, size, offset)
        data = b"".join(self._page(number) for number in range(first, end))
        return data[offset - first * PAGE:][:size]

    def _write(self, offset, data, forced):
        if forced:
            os.pwrite(self._file, data, offset)
        end = offset + len(data)
        for number in range(offset // PAGE, (end + PAGE - 1) // PAGE):
            if forced and number not in self._cache:
                continue
            begin = number * PAGE
            inside = data[max(begin - offset, 0):begin + PAGE - offset]
            at = max(offset - begin, 0)
            if len(inside) < PAGE:
                old = self._page(number)
                inside = old[:at] + inside + old[at + len(inside):]
            self._cache[number] = inside

    def _flush(self):
        for number, page in self._cache.items():
            os.pwrite(self._file, page, number * PAGE)
        self._cache.clear()

    def _cut(self):
        if self._seed is not None:
            chance = random.Random(self._seed)
            for number, page in self._cache.items():
                if chance.random() < 0.5:
                    os.pwrite(self._file, page, number * PAGE)
        self._cache.clear()
        self.was_cut = True
        self._on_cut()


def take(stream, size):
    data = stream.read(size)
    if len(data) != size:
        raise OSError("the connection has ended")
    return data
