# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites whose database can be harmed."""

import itertools
import os
import re

from hostile.database_proxy import DatabaseProxy

from .outcome import Lost
from .site import Site

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
