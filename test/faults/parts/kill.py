# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL at every act of the daemon, before it and behind it, and the same end as an undisturbed run's."""

import functools

from harness import Case, Lost, Outcome, Site

TITLE = "killed at an act"
KILLED = -9


def kill_forward(act, action, bench):
    with Site(bench) as site:
        site.start(environment={"LD_PRELOAD": bench.preload, "FAULT_STAGE": act.stage, "FAULT_AT": str(act.in_stage),
                                "FAULT_ACTION": action})
        site.begin()
        if site.wait_gone() != KILLED:
            raise Lost(f"the daemon ended with {site.daemon.returncode}: {site.log_end()}")
        site.start()
        site.rest()
        site.check_finished()
    return Outcome.RIGHT_END


def cases(bench, everything):
    acts = [act for act in bench.reference().acts if act.stage != "-"]
    return [Case(f"{action} in {act.stage}, act {act.in_stage} ({act.call})", functools.partial(kill_forward, act, action),
                 sampled=act.number % 30 == 0) for act in acts for action in ("kill", "kill-after")]
