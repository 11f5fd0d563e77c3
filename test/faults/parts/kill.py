# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL at every act of the daemon, before it and behind it, and the same end as an undisturbed run's."""

import functools

from harness import Case, Lost, Outcome, Site, Skip, plan, spread

TITLE = "killed at an act"
KILLED = -9
ENGINES = {"console": {}, "native": {"migrations.engine": "native"}}
# The acts of a start after a kill differ from one run to the next; these many into it, it is killed again.
AGAIN = (1, 8, 30, 90, 160)


def start_upgrade(site):
    """Starts it unless it was started before. The daemon may die under it."""
    try:
        if site.status()["state"] == "idle":
            site.begin()
    except OSError:
        pass


def run_killed(site, environment):
    """A daemon that is to be killed on its way to the upgrade's end. Whether it was."""
    site.launch(environment=environment)
    site.wait_until(lambda: site.gone() or site.answers(), "the daemon answers")
    start_upgrade(site)
    site.wait_until(lambda: site.gone() or site.rests(), "the daemon is killed or the upgrade rests")
    if not site.gone():
        site.daemon.terminate()
    if site.wait_gone() not in (KILLED, 0):
        raise Lost(f"the daemon ended with {site.daemon.returncode}: {site.log_end()}")
    return site.daemon.returncode == KILLED


def go_on(site, reference):
    site.start()
    start_upgrade(site)
    site.rest()
    site.check_finished(reference)


def kill_forward(engine, act, action, bench):
    settings = ENGINES[engine]
    reference = bench.reference(settings=settings)
    with Site(bench, settings=settings) as site:
        if not run_killed(site, bench.shimmed(FAULT_PLAN=plan((act, action)))):
            raise Skip("this run came to its end without that act")
        go_on(site, reference)
    return Outcome.RIGHT_END


def kill_again(act, bench):
    """Killed, and killed again and again while it goes on."""
    with Site(bench) as site:
        run_killed(site, bench.shimmed(FAULT_PLAN=plan((act, "kill"))))
        for number in AGAIN:
            run_killed(site, bench.shimmed(FAULT_AT=number, FAULT_ACTION="kill"))
        go_on(site, bench.reference())
    return Outcome.RIGHT_END


def forward_cases(bench, engine, stages=None):
    acts = bench.reference(settings=ENGINES[engine]).acts
    acts = [act for act in acts if not stages or act.stage in stages]
    sample = spread(acts, 1)
    cases = []
    for index, act in enumerate(acts):
        for action in ("kill", "kill-after"):
            sampled = act in sample and (sample.index(act) % 2 == 0) == (action == "kill")
            word = "before" if action == "kill" else "after"
            cases.append(Case(f"{engine}: {word} {act}", functools.partial(kill_forward, engine, act, action), sampled))
    return cases


def cases(bench, everything):
    found = forward_cases(bench, "console")
    found += forward_cases(bench, "native", ("migrate_mautic_2", "migrate_mautic_3"))
    acts = bench.reference().acts
    for act in spread(acts, 1000 if everything else 1):
        if act.number % (20 if everything else 1) == 0 and act.call in ("renameat2", "query", "fdatasync"):
            found.append(Case(f"again and again, first before {act}", functools.partial(kill_again, act)))
    return found
