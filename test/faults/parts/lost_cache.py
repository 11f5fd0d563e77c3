# SPDX-License-Identifier: GPL-3.0-or-later
"""The power goes at an act of the daemon, and with it all that was not synced: started again, the same end.

Twice for each act: with nothing on the disk but what was synced, and with a random part of the rest, as a disk may have
got it."""

import contextlib
import functools

from harness import Case, Lost, Outcome, plan, read_trace
from harness.unsynced import UnsyncedSite
from parts.kill import go_on, run_killed

TITLE = "page cache lost at an act"
EACH = 4  # acts of one kind in a stage
SAMPLED = {"there": 14, "back": 8}  # so many acts, spread over all stages


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


# The way back


def upgraded(site):
    """Takes the site to Mautic 3, all of it on the disk."""
    site.reach_mautic_3()
    site.command("sync")


def run_back(site, environment=None):
    """A daemon on the way back, until it rests or dies."""
    site.launch(environment=environment)
    site.wait_until(lambda: site.gone() or site.answers(), "the daemon answers")
    with contextlib.suppress(OSError):  # it may die under the question
        if site.status()["state"] == "finished":
            site.api("POST", "/v1/rollback", {"files_only": False})
    site.wait_until(lambda: site.gone() or site.rests(), "the daemon is killed or the way back rests")


def go_back(site):
    run_back(site)
    if site.gone():
        raise Lost(f"the daemon ended with {site.daemon.returncode}: {site.log_end()}")
    site.check_rolled_back()


def cut_back(act, action, seed, bench):
    with UnsyncedSite(bench) as site:
        upgraded(site)
        run_back(site, bench.shimmed(FAULT_PLAN=plan((act, action))))
        site.cut(seed)
        go_back(site)
    return Outcome.RIGHT_END


def cut_later_back(act, behind, bench):
    """As cut_later."""
    with UnsyncedSite(bench) as site:
        upgraded(site)
        run_back(site, bench.shimmed(FAULT_PLAN=plan((act, "kill-after"))))
        run_back(site, bench.shimmed(FAULT_PLAN=plan((behind, "kill"))))
        site.cut()
        go_back(site)
    return Outcome.RIGHT_END


def cut_rolled_back(bench):
    """What a rollback has left must be on the disk."""
    with UnsyncedSite(bench) as site:
        upgraded(site)
        run_back(site)
        site.kill()
        site.cut()
        site.start()
        site.check_rolled_back()
    return Outcome.RIGHT_END


def acts_back(bench):
    """The acts of an undisturbed rollback."""

    def make():
        with UnsyncedSite(bench) as site:
            upgraded(site)
            trace = site.box / "trace"
            run_back(site, bench.shimmed(FAULT_TRACE=trace))
            site.check_rolled_back()
            return [act for act in read_trace(trace) if act.stage.startswith("undo:")]

    return bench.once("lost_cache: acts of the way back", make)


# The cases


def reference(bench):
    return bench.reference(UnsyncedSite)


def sample(acts, limit):
    """Of each stage some, by how many it has."""
    chosen = set()
    for stage in dict.fromkeys(act.stage for act in acts):
        of_stage = [act for act in acts if act.stage == stage]
        count = max(1, round(limit * len(of_stage) / len(acts)))
        step = len(of_stage) / count
        chosen |= {of_stage[int((index + 0.5) * step)].number for index in range(count)}
    return chosen


def later_cases(acts, cut, sampled):
    found = []
    for act in acts:
        behind = next((each for each in acts if each.number > act.number and each.stage != act.stage), None)
        if behind and act.call in ("renameat", "renameat2"):
            found.append(Case(f"killed after {act}, the power goes at {behind}", functools.partial(cut, act, behind), act.stage in sampled))
    return found


def act_cases(acts, cut, limit):
    """For each act: the power goes before it, behind it, and before it with a part of the cache on the disk."""
    sampled = sample(acts, limit)
    found = []
    for act in acts:
        ways = ((f"before {act}", "kill", None), (f"after {act}", "kill-after", None),
                (f"part of it is on the disk, before {act}", "kill", act.number))
        for index, (name, action, seed) in enumerate(ways):
            found.append(Case(name, functools.partial(cut, act, action, seed),
                              sampled=act.number in sampled and index == act.number % len(ways)))
    return found


def cases(bench, _everything):
    there, back = [act for act in reference(bench).acts if act.stage != "-"], acts_back(bench)
    return [
        Case("at the end", functools.partial(cut_at_the_end, None)), Case("rolled back", cut_rolled_back),
        *act_cases(bench.chosen(there, EACH), cut_forward, SAMPLED["there"]), *act_cases(bench.chosen(back, EACH), cut_back, SAMPLED["back"]),
        *later_cases(there, cut_later, ("backup_database", "update_local_config")),
        *later_cases(back, cut_later_back, ("undo:update_local_config",)),
    ]
