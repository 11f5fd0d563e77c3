# SPDX-License-Identifier: GPL-3.0-or-later
"""The power goes at an act of the daemon, and with it all that was not synced: started again, the same end.

Twice for each act: with nothing on the disk but what was synced, and with a random part of the rest, as a disk may have
got it."""

import functools

from harness import Case, Outcome, plan
from harness.unsynced import UnsyncedSite
from parts.kill import go_on, run_killed

TITLE = "page cache lost at an act"
EACH = 4  # acts of one kind in a stage
SAMPLED = 24  # so many acts, spread over all stages


def cut_forward(act, action, seed, bench):
    with UnsyncedSite(bench) as site:
        run_killed(site, bench.shimmed(FAULT_PLAN=plan((act, action))))
        site.cut(seed)
        go_on(site, reference(bench))
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


def cut_later(act, behind, bench):
    """Killed between an act and its sync, gone on to the next stage, cut there: what the second daemon found done, and recorded
    as done, must be on the disk, too."""
    with UnsyncedSite(bench) as site:
        run_killed(site, bench.shimmed(FAULT_PLAN=plan((act, "kill-after"))))
        run_killed(site, bench.shimmed(FAULT_PLAN=plan((behind, "kill"))))
        site.cut()
        go_on(site, reference(bench))
    return Outcome.RIGHT_END


def later_cases(acts):
    found = []
    for act in acts:
        behind = next((each for each in acts if each.number > act.number and each.stage != act.stage), None)
        if behind and act.call in ("renameat", "renameat2"):
            found.append(Case(f"killed after {act}, the power goes at {behind}", functools.partial(cut_later, act, behind),
                              sampled=act.stage in ("backup_database", "update_local_config")))
    return found


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
    every = [act for act in reference(bench).acts if act.stage != "-"]
    acts = bench.chosen(every, EACH)
    sampled = sample(acts)
    found = [Case("at the end", functools.partial(cut_at_the_end, None))]
    for act in acts:
        ways = ((f"before {act}", "kill", None), (f"after {act}", "kill-after", None),
                (f"part of it is on the disk, before {act}", "kill", act.number))
        for index, (name, action, seed) in enumerate(ways):
            found.append(Case(name, functools.partial(cut_forward, act, action, seed),
                              sampled=act.number in sampled and index == act.number % len(ways)))
    return found + later_cases(every)
