# SPDX-License-Identifier: GPL-3.0-or-later
"""The place where faults are tried: programs, a scratch folder, and what an undisturbed run makes of a site."""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

from .outcome import Lost, Stopped

MEMORY = "/dev/shm"
MEMORY_LEAST = 2 << 30
TOP = pathlib.Path(__file__).resolve().parents[3]


@dataclasses.dataclass(frozen=True)
class Reference:
    """An undisturbed run: what the site was, what it became, and each act that the daemon made on the way."""

    before: tuple  # (tree, dump) as Site.picture() gives them, without what differs between two sites
    tree: bytes
    dump: bytes
    acts: tuple  # Act, in their order


@dataclasses.dataclass(frozen=True)
class Act:
    """One act of the daemon's, as the shim counts them."""

    stage: str  # "-": in no stage; "undo:NAME": on the way back
    number: int  # of all acts, from 1
    call: str
    path: str
    of_call: int  # of this call in this stage, from 1

    def __str__(self):
        where = "between the stages" if self.stage == "-" else self.stage
        return f"{where}, {self.call} {self.of_call}"


class Bench:
    def __init__(self, build, every_act=False, keep=False, scratch=None, cache=None):
        self.top = TOP
        self.build = pathlib.Path(build).resolve()
        self.every_act = every_act
        self.keep = keep
        self.cache = cache  # where what takes minutes to make is kept for the next time
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="faults-", dir=scratch or default_scratch()))
        self.template = self.scratch / "template"
        self.daemon = self.build / "daemon/mautic-upgraded"
        self.client = self.build / "client/mautic-upgradectl"
        self.shim = self.build / "test/faults/fault-shim.so"
        self.sandbox = TOP / "test/sandbox/sandbox"
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._locks = {}
        self._made = {}
        self.sanitizer = self._sanitizer()
        self.preload = ":".join(filter(None, (self.sanitizer, str(self.shim))))  # LD_PRELOAD for the shim

    def _sanitizer(self):
        """A sanitized program's runtime, which must stand in front of what else is preloaded; None without."""
        libraries = subprocess.run(["ldd", self.daemon], stdout=subprocess.PIPE, text=True, check=True).stdout
        found = re.search(r"libasan\S* => (\S+)", libraries)
        return found.group(1) if found else None

    def shimmed(self, **settings):
        """The environment of a daemon with the shim."""
        return {"LD_PRELOAD": self.preload, **{name: str(value) for name, value in settings.items()}}

    def chosen(self, acts, each):
        """Of each kind of call in each stage so many, evenly spread; every one where that was asked for."""
        return list(acts) if self.every_act else spread(acts, each)

    def check_stop(self):
        if self.stopping.is_set():
            raise Stopped

    def once(self, key, make):
        """make()'s result, made once for all cases; those that come meanwhile wait for it."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]

    def reference(self, site_class=None, **site_options):
        """The Reference for sites made with these options of Site, or of a class derived from it."""
        from .site import Site  # pylint: disable=import-outside-toplevel,cyclic-import

        site_class = site_class or Site
        key = ("reference", site_class.__name__, repr(sorted(site_options.items())))
        return self.once(key, lambda: self._run_undisturbed(site_class, site_options))

    def _run_undisturbed(self, site_class, site_options):
        with site_class(self, **site_options) as site:
            before = site.tree(), site.dump()
            trace = site.box / "trace"
            site.start(environment=self.shimmed(FAULT_TRACE=trace))
            site.upgrade()
            site.expect_state("finished")
            stages = set(site.stages())
            site.stop()
            site.check_log()
            acts = read_trace(trace)
            unseen = stages - {act.stage for act in acts}
            if unseen:
                raise Lost(f"the trace tells of no act in {', '.join(sorted(unseen))}")
            return Reference(before, site.tree(), site.dump(), acts)

    def close(self):
        if not self.keep or not any(self.scratch.glob("box-*")):
            shutil.rmtree(self.scratch, ignore_errors=True)


def default_scratch():
    """A folder in memory where there is one with room: what an fsync costs on a disk is paid a thousand times here."""
    try:
        room = os.statvfs(MEMORY)
    except OSError:
        return None
    return MEMORY if room.f_bavail * room.f_frsize >= MEMORY_LEAST and os.access(MEMORY, os.W_OK) else None


def read_trace(path):
    """The acts that the shim wrote down."""
    seen = {}
    acts = []
    for line in os.fsdecode(path.read_bytes()).splitlines():
        stage, number, call, name = line.split(" ", 3)
        seen[stage, call] = seen.get((stage, call), 0) + 1
        acts.append(Act(stage, int(number), call, name, seen[stage, call]))
    return tuple(acts)


def plan(*points):
    """The shim's FAULT_PLAN for (act, action) pairs."""
    return ",".join(f"{act.stage}:{act.call}:{act.of_call}:{action}" for act, action in points)


def spread(acts, each):
    """A sample: of each kind of call in each stage so many, evenly over its acts."""
    groups = {}
    for act in acts:
        groups.setdefault((act.stage, act.call), []).append(act)
    chosen = set()
    for group in groups.values():
        count = min(each, len(group))
        chosen.update(group[(2 * i + 1) * len(group) // (2 * count)] for i in range(count))
    return [act for act in acts if act in chosen]
