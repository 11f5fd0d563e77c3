# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites whose database can be harmed."""

import contextlib
import itertools
import os
import re
import shutil
import subprocess

from hostile.database_proxy import DatabaseProxy

from .mounts import mount
from .outcome import Lost, Skip
from .site import Site

FILLER = "filler"  # a file that takes all the room
PAGE = 1 << 12
STAGE = re.compile(rb" stage=(\w+) state=(running|undoing) ")
_numbers = itertools.count(1)


class DatabaseSite(Site):
    """A site whose daemon, consoles and dumps reach their database through a proxy."""

    def __init__(self, bench, engine="console", **settings):
        self.proxy = DatabaseProxy(bench.scratch / f"proxy-{os.getpid()}-{next(_numbers)}")
        super().__init__(bench, settings={"database.socket": self.proxy.path, "migrations.engine": engine, **settings})

    def __enter__(self):
        super().__enter__()
        self.proxy.target = self.facts["database"]["socket"]
        self.proxy.stage = self.stage
        self.proxy.__enter__()
        return self

    def __exit__(self, *reason):
        self.proxy.__exit__()
        super().__exit__(*reason)

    def stage(self):
        """The stage at work, as the daemon's log tells it; "undo:NAME" on the way back."""
        found = STAGE.findall(self.log.read_bytes()) if self.log.exists() else []
        return ("undo:" if found[-1][1] == b"undoing" else "") + found[-1][0].decode() if found else None

    def begin_harmed(self, *rules):
        """Starts the upgrade; the rules hold from its own beginning on, not for the checks before it."""
        self.remember()
        self.start()
        warnings = self.warnings()
        self.proxy.rules = list(rules)
        self.api("POST", "/v1/start", {"accept_warnings": warnings})

    def require_met(self):
        """Takes the rules away, once what they do is done."""
        if not self.proxy.met.is_set():
            raise Lost("the fault was never met")
        self.proxy.rules = []
        self.wait_until(lambda: not self.proxy.acting, "the fault is done")


class SmallDiskSite(DatabaseSite):
    """As DatabaseSite, its server's data on a small disk of its own. For a case that is in_own_namespace."""

    _mounted = False

    def __enter__(self):
        super().__enter__()
        try:
            self._move_data()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _move_data(self):
        self.database.stop()
        data = self.database.data
        waiting = data + ".waiting"
        os.rename(data, waiting)
        os.mkdir(data)
        # InnoDB makes its first file longer by 64 MiB at once (innodb_autoextend_increment).
        self._mounted = mount("-t", "tmpfs", "-o", "size=192m,mode=0700", "faults", data)
        if not self._mounted:
            raise Skip("tmpfs can't be mounted here")
        subprocess.run(["cp", "-a", f"{waiting}/.", data], check=True)
        shutil.rmtree(waiting)
        self.database.start()

    def fill(self):
        """Not a byte is left on it."""
        with open(os.path.join(self.database.data, FILLER), "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(PAGE))

    def free(self):
        os.unlink(os.path.join(self.database.data, FILLER))

    def _remove(self):
        self.kill_all()
        if self._mounted:
            subprocess.run(["umount", "--lazy", self.database.data], stderr=subprocess.DEVNULL, check=False)
        super()._remove()
