# SPDX-License-Identifier: GPL-3.0-or-later
"""Every act of the daemon fails once, with each error that such a call can give.

A site takes several faults, one after the other: each stops the upgrade with the code of the stage it was in, or is got
over; resumed each time, the upgrade must come to the end of an undisturbed run.
"""

import functools
import os
import re
import shutil

from harness import Act, Case, Lost, Outcome, Refused, Site, plan, spread

TITLE = "a call fails"

WRITES = ("ENOSPC", "EIO")
NAMES = ("ENOSPC", "EACCES", "EIO")
RIGHTS = WRITES  # EPERM once and never again does not happen: it says whose the entry is
ERRNOS = {
    "open": NAMES, "openat2": NAMES, "mkdir": NAMES, "mkdirat": NAMES, "symlink": NAMES, "symlinkat": NAMES, "link": NAMES,
    "linkat": NAMES, "rename": NAMES, "renameat": NAMES, "renameat2": NAMES,
    "unlink": ("EACCES", "EIO"), "unlinkat": ("EACCES", "EIO"), "rmdir": ("EACCES", "EIO"),
    "write": WRITES, "pwrite": WRITES, "pwrite64": WRITES, "fallocate64": WRITES, "ftruncate": ("EIO",), "ftruncate64": ("EIO",),
    "fsync": WRITES, "fdatasync": WRITES, "syncfs": WRITES,
    "chmod": RIGHTS, "fchmod": RIGHTS, "fchmodat": RIGHTS, "fchown": RIGHTS, "fchownat": RIGHTS, "lchown": RIGHTS,
    "futimens": RIGHTS, "utimensat": RIGHTS, "ioctl": WRITES,
}
REASONS = {"ENOSPC": "disk_full", "EIO": "input_output", "EACCES": "permission_denied"}
CODES = {
    "preflight": "ERR_PREFLIGHT_FAILED", "backup_database": "ERR_DATABASE_BACKUP_FAILED",
    "migrate_mautic_2": "ERR_MAUTIC_2_MIGRATIONS_FAILED", "download_package": "ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED",
    "extract_package": "ERR_EXTRACT_UPGRADE_PACKAGE_FAILED", "move_files": "ERR_MOVE_MAUTIC_2_AND_3_FILES",
    "update_local_config": "ERR_UPDATE_LOCAL_CONFIG", "migrate_mautic_3": "ERR_MAUTIC_3_MIGRATIONS_FAILED",
    "restore_user_data": "ERR_RESTORE_USER_DATA_FAILED", "build_cache": "ERR_BUILD_M3_CACHE", "cleanup_files": "ERR_CLEANUP_FILES",
}
EACH = 8  # acts of one kind in a stage
AT_ONCE = 12  # faults for one site
TOLD = re.compile(r"(mautic-3-temp-files) could not be deleted, do it yourself")

# An interrupted call is no failure, so every call fails at first. SQLite repeats most of its own, but not all.
INTERRUPTED = {"FAULT_STAGE": "!-", "FAULT_NOT_ON": "/checkpoint.sqlite3", "FAULT_AT": 1, "FAULT_EVERY": 2, "FAULT_ACTION": "EINTR"}


class Faults:
    """The faults that a site is to take, and those that it took."""

    def __init__(self, site, points):
        self.site = site
        self.points = points
        self.file = site.box / "fired"
        self.told = 0  # how many of them have an outcome
        self.outcomes = []

    def environment(self):
        """For a daemon: what did not happen yet."""
        over = {(act.stage, act.call) for act, _ in self.fired()}
        left = [point for point in self.points if (point[0].stage, point[0].call) not in over]
        return self.site.bench.shimmed(FAULT_PLAN=plan(*left), FAULT_FIRED=self.file) if left else {}

    def fired(self):
        if not self.file.exists():
            return []
        found = []
        for line in self.file.read_bytes().decode(errors="replace").splitlines():
            stage, number, call, rest = line.split(" ", 3)
            path, action = rest.rsplit(" ", 1)
            found.append((Act(stage, 0, call, path, int(number)), action))
        return found

    def new(self):
        """Those that fired since it was last asked; outcomes are due for them."""
        fired = self.fired()[self.told:]
        self.told += len(fired)
        return fired

    def settle(self, fired, stopped):
        """They are over: the last one stopped the upgrade (or the daemon), the others it got over."""
        for index, (act, action) in enumerate(fired):
            last = stopped and index == len(fired) - 1
            self.outcomes.append((f"{action} at {act}", Outcome.FAILED_RIGHTLY if last else Outcome.RIGHT_END))

    def delete_told(self):
        """What a fault kept from being deleted at the end is no failure: the log asks for it to be deleted by hand."""
        root, log = self.site.root, self.site.log.read_text(encoding="utf-8", errors="replace")
        if any(act.stage in ("cleanup_files", "undo:extract_package") and act.call == "unlinkat" for act, _ in self.fired()):
            times = root.stat()
            for name in TOLD.findall(log):
                shutil.rmtree(root / name, ignore_errors=True)
            os.utime(root, ns=(times.st_atime_ns, times.st_mtime_ns))

    def settle_refused(self, answer):
        """The daemon refused a request: rightly when one fired."""
        fired = self.new()
        if not fired:
            raise Lost(f"refused without a fault: {answer}") from answer
        self.settle(fired, True)


def explains(fault, stage, error):
    """Whether the fault is why this stage ("undo:NAME" on the way back) failed with this error."""
    act, action = fault
    reasons = {REASONS[action]}
    if "/checkpoint.sqlite3" in act.path:
        reasons.add("checkpoint_unwritable")
    if stage == "preflight":
        reasons.add("preflight_errors")
    return act.stage in (stage, "-") and error["reason"] in reasons


def told(faults):
    return "; ".join(f"{action} at {act} ({act.path})" for act, action in faults) or "no fault"


def check_code(site, status, fired):
    """The failed upgrade carries the code of the stage it is in, and a reason that fits a fault."""
    error = status["error"]
    words = f"{error['code']} {error['reason']} {error['message']}"
    failed = [stage for stage in site.stages().values() if stage["state"] == "failed"]
    if len(failed) != 1 or failed[0]["error_code"] != error["code"]:
        raise Lost(f"not one failed stage with this code: {words}")
    stage = failed[0]["name"]
    if CODES[stage] != error["code"] or not any(explains(fault, stage, error) for fault in fired):
        raise Lost(f"{stage} failed with {words}; that is not what happened: {told(fired)}")


def start_daemon(faults, settings=None):
    """A daemon that may fail at its start, with a status and words, and then starts."""
    site = faults.site
    while True:
        site.launch(environment=faults.environment(), settings=settings)
        site.wait_until(lambda: site.gone() or site.answers(), "the daemon answers")
        if not site.gone():
            return
        fired = faults.new()
        if site.daemon.returncode <= 0 or not fired:
            raise Lost(f"the daemon ended with {site.daemon.returncode}: {site.log_end()}")
        faults.settle(fired, True)


def drive(faults):
    """Starts and resumes until the upgrade is finished."""
    site = faults.site
    refused = False  # then it still stands failed as it did before
    while True:
        try:
            if site.status()["state"] == "idle":
                site.begin()
            status = site.rest()
            fired = faults.new()
            faults.settle(fired, status["state"] == "failed" and not refused)
            if status["state"] == "finished":
                return
            if status["state"] == "failed" and not refused:
                check_code(site, status, fired)
            refused = False
            site.api("POST", "/v1/resume")
        except Refused as answer:
            faults.settle_refused(answer)
            refused = True


def to_the_end(faults, go, check, settings=None):
    """From a daemon's start to an end that check finds right; what came of each fault."""
    try:
        start_daemon(faults, settings)
        go(faults)
        faults.delete_told()
        check()
    except Lost as lost:
        raise Lost(f"{lost}\nafter {told(faults.fired())}") from lost
    faults.settle(faults.new(), False)  # at the daemon's end
    return faults.outcomes


def fail(points, bench):
    reference = bench.reference()
    with Site(bench) as site:
        return to_the_end(Faults(site, points), drive, lambda: site.check_finished(reference))


def interrupt(bench):
    """Every call is interrupted at first."""
    with Site(bench) as site:
        site.start(environment=bench.shimmed(**INTERRUPTED, FAULT_FIRED=site.box / "fired"))
        site.upgrade()
        site.check_finished()
        attempts = len((site.box / "fired").read_bytes().splitlines())
        if attempts < 100:
            raise Lost(f"only {attempts} calls were interrupted")
    return Outcome.RIGHT_END


def share(points, at_once):
    """Lists of so many points, each far apart."""
    lists = max(1, -(-len(points) // at_once))
    return [points[i::lists] for i in range(lists)]


def cases(bench, everything):
    acts = [act for act in bench.reference().acts if act.call in ERRNOS]
    chosen = bench.chosen(acts, EACH) if everything else spread(acts, 1)
    points = [(act, errno) for act in chosen for errno in ERRNOS[act.call]]
    found = [Case(f"{len(part)} faults from {part[0][1]} at {part[0][0]} on", functools.partial(fail, part), number % 4 == 0)
             for number, part in enumerate(share(points, AT_ONCE))]
    return [*found, Case("EINTR, every call", interrupt)]
