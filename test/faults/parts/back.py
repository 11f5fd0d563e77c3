# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back from wherever SIGKILL left the upgrade, and SIGKILL at every act of the way back itself: tree and database
are then those before the start."""

import functools

from harness import Case, Lost, Outcome, Site, Skip, plan, read_trace, spread
from harness.site import compare
from parts.kill import AGAIN, KILLED, run_killed

TITLE = "killed on the way back"
EACH = 8  # acts of one kind in a stage, killed before and after each
ELSEWHERE = 2  # of the ways back that differ only in where they begin; killed before one, after the next
ASK = {"daemon.resume": "ask"}  # a daemon that finds an interrupted upgrade does not go on by itself


class Way:
    """How the way back begins: at the end of the upgrade, or where a kill behind an act left it."""

    def __init__(self, act=None, files_only=False):
        self.act = act
        self.files_only = files_only
        self.dump = None  # what --files-only must leave as it is

    def __str__(self):
        return ("from the end" if not self.act else f"from {self.act}") + (", files only" if self.files_only else "")

    def reach(self, site):
        """Brings a new site there; no daemon is left."""
        site.remember()
        if not self.act:
            site.start()
            site.upgrade()
            site.expect_state("finished")
            site.stop()
        elif not run_killed(site, site.bench.shimmed(FAULT_PLAN=plan((self.act, "kill-after")))):
            raise Skip("this run came to its end without that act")
        self.dump = site.dump() if self.files_only else None

    def begin(self, site):
        """Begins the way back unless it was begun. The daemon may die under it."""
        try:
            state = site.status()["state"]
            if state in ("finished", "failed", "interrupted"):
                site.api("POST", "/v1/rollback", {"files_only": self.files_only})
            elif state == "rollback_interrupted":
                site.api("POST", "/v1/resume")
        except OSError:
            pass

    def check(self, site):
        """Lost unless the site is what it was."""
        if not self.files_only:
            site.check_rolled_back()
            return
        site.expect_state("rolled_back")
        site.stop()
        site.check_log()
        compare("the tree", site.before[0], site.picture()[0])
        compare("the database", self.dump, site.dump())


def undisturbed(bench, act, files_only):
    """The acts of an undisturbed way back from there."""

    def make():
        way = Way(act, files_only)
        with Site(bench) as site:
            way.reach(site)
            trace = site.box / "trace"
            site.start(environment=bench.shimmed(FAULT_TRACE=trace), settings=ASK)
            way.begin(site)
            site.rest()
            way.check(site)
            return read_trace(trace)

    return bench.once(("way back", act, files_only), make)


def go_back(act, files_only, bench):
    undisturbed(bench, act, files_only)
    return Outcome.RIGHT_END


def run_back(site, way, environment):
    """A daemon that is to be killed on the way back. Whether it was."""
    site.launch(environment=environment, settings=ASK)
    site.wait_until(lambda: site.gone() or site.answers(), "the daemon answers")
    way.begin(site)
    site.wait_until(lambda: site.gone() or site.rests(), "the daemon is killed or the way back rests")
    if not site.gone():
        site.daemon.terminate()
    if site.wait_gone() not in (KILLED, 0):
        raise Lost(f"the daemon ended with {site.daemon.returncode}: {site.log_end()}")
    return site.daemon.returncode == KILLED


def end_back(site, way):
    site.start(settings=ASK)
    way.begin(site)
    site.rest()
    way.check(site)
    return Outcome.RIGHT_END


def kill_back(start, files_only, act, action, bench):
    way = Way(start, files_only)
    with Site(bench) as site:
        way.reach(site)
        if not run_back(site, way, bench.shimmed(FAULT_PLAN=plan((act, action)))):
            raise Skip("this way back came to its end without that act")
        return end_back(site, way)


def kill_back_again(act, bench):
    """Killed, and killed again and again while it goes on."""
    way = Way()
    with Site(bench) as site:
        way.reach(site)
        run_back(site, way, bench.shimmed(FAULT_PLAN=plan((act, "kill"))))
        for number in AGAIN:
            run_back(site, way, bench.shimmed(FAULT_AT=number, FAULT_ACTION="kill"))
        return end_back(site, way)


def kills(bench, start, files_only, each):
    acts = [act for act in undisturbed(bench, start, files_only) if act.stage != "-" or act.call != "open"]
    acts = bench.chosen(acts, each)
    sample = spread(acts, 1)[::3]
    found = []
    for index, act in enumerate(acts):
        actions = {"before": "kill", "after": "kill-after"}
        if each == ELSEWHERE and not bench.every_act:
            del actions["before" if index % 2 else "after"]
        for word, action in actions.items():
            sampled = act in sample and (sample.index(act) % 2 == 0) == (action == "kill")
            found.append(Case(f"{Way(start, files_only)}: {word} {act}",
                              functools.partial(kill_back, start, files_only, act, action), sampled))
    return found


def again_cases(bench):
    """First in each stage, at some of its renames, queries and commits, then while it goes on."""
    found = []
    acts = [act for act in undisturbed(bench, None, False) if act.stage != "-" and act.call in ("renameat2", "query", "fdatasync")]
    for act in spread(acts, EACH):
        sampled = (act.stage, act.call) in (("undo:move_files", "renameat2"), ("undo:migrate_mautic_3", "query"))
        found.append(Case(f"again and again, first before {act}", functools.partial(kill_back_again, act),
                          sampled and not any(case.sampled and str(act.stage) in case.name for case in found)))
    return found


def cases(bench, everything):
    forward = [act for act in bench.reference().acts if act.stage != "-"]
    ends = list({act.stage: act for act in forward}.values())  # the last act of each stage
    forward = sorted({*bench.chosen(forward, EACH), *ends}, key=lambda act: act.number)
    sample = spread(forward, 1)[::12] + ends
    found = [Case(f"from {act}", functools.partial(go_back, act, False), act in sample) for act in forward]
    found += [Case(f"from {act}, files only", functools.partial(go_back, act, True), act in ends[5::2]) for act in ends]
    found += kills(bench, None, False, EACH)
    found += again_cases(bench)
    if everything:
        found += kills(bench, None, True, ELSEWHERE)
        for end in ends:
            found += kills(bench, end, False, ELSEWHERE)
    return found
