# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL at every act of the daemon, before it and behind it, and the same end as an undisturbed run's."""

import functools
import re

from harness import Case, Lost, Outcome, Site, Skip, plan, spread
from harness.site import processes_of

TITLE = "killed at an act"
KILLED = -9
ENGINES = {"console": {}, "native": {"migrations.engine": "native"}}
# The acts of a start after a kill differ from one run to the next; these many into it, it is killed again.
AGAIN = (1, 8, 30, 90, 160)
EACH = 8  # acts of one kind in a stage


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


def go_on(site, reference, check=lambda: None):
    site.start()
    start_upgrade(site)
    site.rest()
    check()
    site.check_finished(reference)


def check_attempts(site, act):
    """No stage was begun twice but the one that the kill hit."""
    for name, stage in site.stages().items():
        if stage["attempts"] > (2 if act.stage in (name, "-") else 1):
            raise Lost(f"{name} was begun {stage['attempts']} times, killed in {act.stage}")


def kill_forward(engine, act, action, bench):
    settings = ENGINES[engine]
    reference = bench.reference(settings=settings)
    with Site(bench, settings=settings) as site:
        if not run_killed(site, bench.shimmed(FAULT_PLAN=plan((act, action)))):
            raise Skip("this run came to its end without that act")
        go_on(site, reference, functools.partial(check_attempts, site, act))
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
    acts = bench.chosen([act for act in acts if not stages or act.stage in stages], EACH)
    sample = spread(acts, 1)[:: 1 if stages else 2]
    cases = []
    for act in acts:
        for action in ("kill", "kill-after"):
            sampled = act in sample and (sample.index(act) % 2 == 0) == (action == "kill")
            word = "before" if action == "kill" else "after"
            cases.append(Case(f"{engine}: {word} {act}", functools.partial(kill_forward, engine, act, action), sampled))
    return cases


def again_cases(bench):
    """First in each stage, at the middle one of its renames, queries or commits, then while it goes on."""
    found = []
    for stage in dict.fromkeys(act.stage for act in bench.reference().acts):
        for call in ("renameat2", "query", "fdatasync"):
            acts = [act for act in bench.reference().acts if (act.stage, act.call) == (stage, call)]
            for act in acts[::max(1, len(acts) // 10)]:
                sampled = call == "fdatasync" and act == acts[len(acts) // 10 * 5] and len(found) % 2 == 0
                found.append(Case(f"again and again, first before {act}", functools.partial(kill_again, act), sampled))
    return found


def outlive(version, place, bench):
    """The daemon dies while the console is in the middle of a migration; the console lives, and the next daemon waits."""
    with Site(bench) as site:
        site.sandbox("fault", "doctrine:migrations:execute", "--argument", version, *place, "--times", 1, "--wait")
        waits = site.box / "console-waits"
        site.start()
        site.begin()
        site.wait_until(lambda: site.rests() or (waits.exists() and waits.stat().st_size), "the console waits")
        if not waits.exists():
            raise Skip("this migration does not come to that place")
        console = int(waits.read_text(encoding="ascii"))
        site.kill()
        site.launch()
        site.wait_until(lambda: site.gone() or b"of the daemon that was killed" in site.log.read_bytes(), "the daemon waits")
        if console not in processes_of(site.box):
            raise Lost("the console did not outlive the daemon")
        (site.box / "console-goes-on").touch()
        site.wait_until(lambda: site.gone() or site.answers(), "the daemon answers")
        site.rest()
        site.check_finished()
    return Outcome.RIGHT_END


def outlive_cases(bench):
    reference = bench.reference()
    executed = re.compile(rb"INSERT INTO `migrations` .*'(\d{14})'")
    new = sorted(set(executed.findall(reference.dump)) - set(executed.findall(reference.before[1])))
    places = {"at its start": ("--at", "start"), "behind its first statement": ("--at", "statement", "--statement", 1),
              "at its end": ("--at", "end")}
    found = []
    for index, version in enumerate(new):
        for number, (words, place) in enumerate(places.items()):
            found.append(Case(f"console lives on in {version.decode()}, {words}",
                              functools.partial(outlive, version.decode(), place), index % 5 == 0 and number == index // 5 % 3))
    return found


def cases(bench, everything):
    found = forward_cases(bench, "console")
    found += forward_cases(bench, "native", ("migrate_mautic_2", "migrate_mautic_3"))
    return found + again_cases(bench) + outlive_cases(bench)
