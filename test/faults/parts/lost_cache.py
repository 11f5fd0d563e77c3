# SPDX-License-Identifier: GPL-3.0-or-later
"""The power goes at an act of the daemon, and with it all that was not synced: started again, the same end.

Twice for each act: with nothing on the disk but what was synced, and with a random part of the rest, as a disk may have
got it."""

import functools

from harness import Case, Lost, Outcome
from harness.unsynced import UnsyncedSite

TITLE = "page cache lost at an act"
KILLED = -9
SAMPLED = 24  # so many acts, spread over all stages


def fault(bench, act, action):
    return {"LD_PRELOAD": bench.preload, "FAULT_STAGE": act.stage, "FAULT_AT": str(act.in_stage), "FAULT_ACTION": action}


def cut_forward(act, action, seed, bench):
    with UnsyncedSite(bench) as site:
        site.start(environment=fault(bench, act, action))
        site.begin()
        if site.wait_gone() != KILLED:
            raise Lost(f"the daemon ended with {site.daemon.returncode}: {site.log_end()}")
        site.cut(seed)
        site.start()
        site.rest()
        site.check_finished(reference(bench))
    return Outcome.RIGHT_END


def cut_at_the_end(seed, bench):
    """What a finished upgrade has left must be on the disk."""
    with UnsyncedSite(bench) as site:
        site.start()
        site.upgrade()
        site.expect_state("finished")
        site.kill()
        site.cut(seed)
        site.start()
        site.check_finished(reference(bench))
    return Outcome.RIGHT_END


def reference(bench):
    return bench.reference(UnsyncedSite)


def sample(acts):
    """Of each stage some, by how many it has."""
    chosen = set()
    for stage in dict.fromkeys(act.stage for act in acts):
        of_stage = [act for act in acts if act.stage == stage]
        count = max(1, round(SAMPLED * len(of_stage) / len(acts)))
        step = len(of_stage) / count
        chosen |= {of_stage[int((index + 0.5) * step)].number for index in range(count)}
    return chosen


def cases(bench, everything):
    acts = [act for act in reference(bench).acts if act.stage != "-"]
    sampled = sample(acts)
    found = [Case("at the end", functools.partial(cut_at_the_end, None))]
    for act in acts:
        where = f"{act.stage}, act {act.in_stage} ({act.call})"
        for index, action in enumerate(("kill", "kill-after")):
            found.append(Case(f"{action} in {where}", functools.partial(cut_forward, act, action, None),
                              sampled=act.number in sampled and index == act.number % 2))
        found.append(Case(f"part of it is on the disk, {where}", functools.partial(cut_forward, act, "kill", act.number),
                          sampled=False))
    return found
