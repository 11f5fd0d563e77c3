# SPDX-License-Identifier: GPL-3.0-or-later
"""The backups are deleted, and the daemon is killed or told to end at each act of that: gone on with, what was to be deleted
is gone, and nothing else."""

import contextlib
import functools
import os
import re

from harness import Case, Lost, Outcome, Site, Skip, plan, read_trace
from harness.sandbox_parts import canonical
from harness.site import compare, exact_tree
from parts.kill import AGAIN, KILLED

TITLE = "killed while the backups are deleted"
EACH = 4  # acts of one kind
STARTS = ("finished", "rolled_back")
ACTIONS = {"kill": "killed before", "kill-after": "killed after", "SIGTERM": "SIGTERM at"}
BACKUP = "mautic-2-backup-files"
# What a user has put where the upgrade's own things are, under names like theirs.
OF_THE_USER = ("mautic-2-set-aside-files", "var/mautic-2-set-aside-files-1", BACKUP, f"var/{BACKUP}-" + 32 * "0")
# The journal, and what a daemon has for itself.
NOT_COMPARED = re.compile(r"checkpoint\.sqlite3|daemon\.")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def reach(site, start):
    """Brings a new site there; no daemon is left."""
    site.start()
    site.upgrade()
    if start == "rolled_back":
        site.rollback()
    site.expect_state(start)
    site.stop()
    for folder in OF_THE_USER:
        (site.root / folder).mkdir(parents=True)
        (site.root / folder / "mine").write_text("mine\n", encoding="utf-8")
    site.before = kept(site)


def kept(site):
    """What must stay: the tree but for Mautic 2's folder (and the time of the one that it lies in, and what the log says),
    what links lead to, and the database."""
    ours = re.compile(rb"var/" + BACKUP.encode() + rb"-(?!0{32})[0-9a-f]{32}[ /]")
    changes = re.compile(rb"^(var|var/upgrade_log_\w+\.txt) (\S+ \S+).*")
    lines = [changes.sub(rb"\1 \2", line) for line in exact_tree(site.root).splitlines() if not ours.match(line)]
    return b"\n".join(lines) + b"\n" + exact_tree(site.box / "outside-files"), canonical.dump(site.database, "mautic", None)


def in_state(site):
    return sorted(UUID.sub("UUID", name) for name in os.listdir(site.state) if not NOT_COMPARED.match(name))


def clean(site, environment=None):
    """A daemon that deletes, until it is done or gone. Its status at its end, which it is brought to where it does not come."""
    site.launch(environment=environment)
    site.wait_until(lambda: site.gone() or site.answers(), "the daemon answers")
    with contextlib.suppress(OSError):  # it may die under the question
        if site.status()["state"] not in ("cleaning", "cleaned"):
            site.api("POST", "/v1/clean")
    site.wait_until(lambda: site.gone() or site.rests(), "the daemon ends, or all is deleted")
    if not site.gone():
        with contextlib.suppress(OSError):  # told to end, it may do so under this question as well
            site.expect_state("cleaned")
        site.daemon.terminate()
    if site.wait_gone() not in (KILLED, 0):
        raise Lost(f"the daemon ended with {site.daemon.returncode}: {site.log_end()}")
    return site.daemon.returncode


def check(site, state):
    """Lost unless what was to be deleted is gone, and nothing else."""
    site.start()
    site.expect_state("cleaned")
    site.stop()
    site.check_log()
    compare("the tree", site.before[0], kept(site)[0])
    compare("the database", site.before[1], kept(site)[1])
    left = [name for name in os.listdir(site.root / "var") if name.startswith(BACKUP) and f"var/{name}" not in OF_THE_USER] \
        if (site.root / "var").exists() else []
    if left or (state is not None and in_state(site) != state):
        raise Lost(f"left are {left} and {in_state(site)}, and not {state}")


def undisturbed(bench, start):
    """(acts, names left in the state folder)"""

    def make():
        with Site(bench) as site:
            reach(site, start)
            trace = site.box / "trace"
            had = in_state(site)
            clean(site, bench.shimmed(FAULT_TRACE=trace))
            check(site, None)
            if not any("backup" in name for name in set(had) - set(in_state(site))):
                raise Lost(f"of {had} there are still {in_state(site)}")
            return [act for act in read_trace(trace) if act.stage == "clean"], in_state(site)

    return bench.once(("clean", start), make)


def disturb(start, act, action, bench):
    with Site(bench) as site:
        reach(site, start)
        fired = site.box / "fired"
        status = clean(site, bench.shimmed(FAULT_PLAN=plan((act, action)), FAULT_FIRED=fired))
        if not fired.exists() or not fired.stat().st_size:
            raise Skip("this run came to its end without that act")
        if status != (0 if action == "SIGTERM" else KILLED):
            raise Lost(f"the daemon ended with {status}: {site.log_end()}")
        if clean(site) != 0:
            raise Lost(f"the daemon was killed by nobody: {site.log_end()}")
        check(site, undisturbed(bench, start)[1])
    return Outcome.RIGHT_END


def kill_again(start, act, bench):
    """Killed, and killed again and again while it goes on."""
    with Site(bench) as site:
        reach(site, start)
        clean(site, bench.shimmed(FAULT_PLAN=plan((act, "kill"))))
        for number in AGAIN:
            clean(site, bench.shimmed(FAULT_AT=number, FAULT_ACTION="kill"))
        clean(site)
        check(site, undisturbed(bench, start)[1])
    return Outcome.RIGHT_END


def cases(bench, everything):
    found = []
    for start in STARTS if everything else STARTS[:1]:
        chosen = bench.chosen(undisturbed(bench, start)[0], EACH)
        removals = [act for act in chosen if act.call == "unlinkat"]
        middle = removals[len(removals) // 2]
        for act in chosen:
            for action, words in ACTIONS.items():
                found.append(Case(f"{start}: {words} {act}", functools.partial(disturb, start, act, action), act == middle))
            if act.call == "unlinkat":
                found.append(Case(f"{start}: again and again, first before {act}", functools.partial(kill_again, start, act), False))
    return found
