# SPDX-License-Identifier: GPL-3.0-or-later
"""A way to the database that sees every command that is sent on it, and can harm it at a chosen one.

It stands on a Unix socket between the daemon (with its consoles and dump programs) and the server, and reads as much of the
protocol as it takes to tell commands from other packets. A rule says at which command, or at which new connection, what is
done: before the command is passed on, or behind it, when its answer is there and nobody has seen it yet."""

import contextlib
import dataclasses
import re
import socket
import struct
import threading
from typing import Callable, Optional

COMMANDS = {3: "query", 22: "prepare"}  # COM_QUERY, COM_STMT_PREPARE; the others carry no SQL
PIECE = 1 << 16
GO_ON = object()  # what an act returns to have the command, or its answer, passed on; else the connection is cut


@dataclasses.dataclass
class Rule:
    act: Callable  # act(link)
    when: str = "before"  # "connect", "before" or "after" a command, or "amid" its answer
    pattern: bytes = b""  # which the command must match
    stage: Optional[str] = None  # in which
    nth: int = 1  # of those that fit
    behind: int = 0  # for "amid": so many bytes of the answer are passed on
    stays: bool = False  # holds for all that fit from the nth on
    seen: int = 0


class Counter:
    """How many are inside; true when there are any."""

    def __init__(self):
        self._lock = threading.Lock()
        self._inside = 0

    def _change(self, by):
        with self._lock:
            self._inside += by

    def __enter__(self):
        self._change(1)

    def __exit__(self, *_):
        self._change(-1)

    def __bool__(self):
        return self._inside > 0


class Link:
    """One connection."""

    def __init__(self, proxy, client):
        self.proxy, self.client = proxy, client
        self.server = None
        self.number = 0  # the server's own, for KILL
        self.pending = None  # a rule that waits for the answer
        self.passed = 0  # of that answer

    def cut(self):
        for end in (self.client, self.server):
            if end:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def run(self):
        try:
            if self._is_cut(self.proxy.rule_for("connect", b"")):
                return
            self.server = socket.socket(socket.AF_UNIX)
            self.server.connect(self.proxy.target)
            answers = threading.Thread(target=self._pass_answers, daemon=True)
            answers.start()
            self._pass_commands()
            answers.join()
        except OSError:
            pass
        finally:
            self.cut()
            for end in (self.client, self.server):
                if end:
                    end.close()

    def _is_cut(self, rule):
        if rule is None:
            return False
        with self.proxy.acting:
            return rule.act(self) is not GO_ON

    def _read(self, size):
        data = bytearray()
        while len(data) < size:
            piece = self.client.recv(size - len(data))
            if not piece:
                raise ConnectionError
            data += piece
        return bytes(data)

    def _pass_commands(self):
        with contextlib.suppress(OSError):
            while True:
                header = self._read(4)
                packet = self._read(int.from_bytes(header[:3], "little"))
                if header[3] == 0 and packet and packet[0] in COMMANDS and self._meets(packet[1:]):
                    break
                self.server.sendall(header + packet)
        self.cut()

    def _meets(self, sql):
        """True when the connection is to be cut at this command."""
        self.proxy.note(sql)
        if self._is_cut(self.proxy.rule_for("before", sql)):
            return True
        self.passed = 0
        self.pending = self.proxy.rule_for("after", sql) or self.proxy.rule_for("amid", sql)
        return False

    def _pass_answers(self):
        with contextlib.suppress(OSError):
            greeting = True
            while data := self.server.recv(PIECE):
                if greeting and len(data) > 5 and data[4] == 10:
                    end = data.index(b"\0", 5)
                    self.number = struct.unpack_from("<I", data, end + 1)[0]
                greeting = False
                rule = self.pending
                if rule and rule.when == "amid" and self.passed + len(data) <= rule.behind:
                    self.passed += len(data)
                elif rule:
                    self.pending = None
                    self.client.sendall(data[:rule.behind - self.passed] if rule.when == "amid" else b"")
                    if self._is_cut(rule):
                        break
                    data = data[rule.behind - self.passed:] if rule.when == "amid" else data
                self.client.sendall(data)
        self.cut()


class DatabaseProxy:
    """A context manager. target: the server's socket. stage: what tells which stage is at work."""

    def __init__(self, path):
        self.path = str(path)
        self.target = None
        self.stage = lambda: None
        self.rules = []
        self.commands = []  # (stage, beginning of the SQL), when listed is True
        self.listed = False
        self.met = threading.Event()  # a rule was met
        self.acting = Counter()  # acts at work
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(64)

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=Link(self, client).run, daemon=True).start()

    def note(self, sql):
        if self.listed:
            self.commands.append((self.stage(), sql[:200]))

    def rule_for(self, when, sql):
        """The rule that this meets, or None."""
        stage = self.stage() if self.rules else None
        with self._lock:
            for rule in self.rules:
                if rule.when != when or (rule.stage and rule.stage != stage) or not re.search(rule.pattern, sql, re.I | re.S):
                    continue
                rule.seen += 1
                if rule.seen == rule.nth or (rule.stays and rule.seen > rule.nth):
                    self.met.set()
                    return rule
        return None
