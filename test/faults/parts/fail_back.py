# SPDX-License-Identifier: GPL-3.0-or-later
"""Every act of the way back fails once, with each error that such a call can give.

A site takes several faults, one after the other: each stops the rollback with ERR_ROLLBACK_FAILED and the fault's reason, or
is got over; resumed each time, the rollback must bring back the site that was there before the start."""

import functools

from harness import Case, Lost, Outcome, Refused, Site, plan, read_trace, spread
from parts import back
from parts.fail import AT_ONCE, ERRNOS, INTERRUPTED, Faults, explains, share, to_the_end, told

TITLE = "a call fails on the way back"
CODE = "ERR_ROLLBACK_FAILED"
EACH = 8  # acts of one kind in a stage, from the end
ELSEWHERE = 2  # from where a stage failed

# Where the way back begins: {name: what makes a stage fail there}, a console's command or the kind of call.
FROM_THE_END = "the end"
CONSOLES = {
    "migrate_mautic_2": ("doctrine:migrations:execute", "--argument", "20190724110039", "--at", "statement", "--statement", 1),
    "migrate_mautic_3": ("doctrine:migrations:execute", "--argument", "20191126093923", "--at", "statement", "--statement", 1),
    "build_cache": ("cache:clear",),
}
CALLS = {"extract_package": "write", "move_files": "renameat2", "update_local_config": "renameat", "restore_user_data": "renameat2",
         "cleanup_files": "renameat2"}
STARTS = (FROM_THE_END, *CONSOLES, *CALLS)


def middle(bench, stage):
    """The middle one of the stage's acts of that call."""
    acts = [act for act in bench.reference().acts if (act.stage, act.call) == (stage, CALLS[stage])]
    return acts[len(acts) // 2]


def reach(site, start):
    """Brings a new site there; no daemon is left."""
    site.remember()
    if start in CONSOLES:
        site.sandbox("fault", *CONSOLES[start], "--fail", 1, "--times", 1)
    faults = plan((middle(site.bench, start), "EIO")) if start in CALLS else None
    site.start(environment=site.bench.shimmed(FAULT_PLAN=faults) if faults else None)
    site.upgrade()
    site.expect_state("finished" if start == FROM_THE_END else "failed")
    failed = [stage["name"] for stage in site.stages().values() if stage["state"] == "failed"]
    if failed != [start] * (start != FROM_THE_END):
        raise Lost(f"{failed} failed, and {start} was to")
    site.stop()


def undisturbed(bench, start):
    """The acts of an undisturbed way back from there."""
    if start == FROM_THE_END:
        return [act for act in back.undisturbed(bench, None, False) if act.call in ERRNOS]

    def make():
        with Site(bench) as site:
            reach(site, start)
            trace = site.box / "trace"
            site.start(environment=bench.shimmed(FAULT_TRACE=trace), settings=back.ASK)
            site.rollback()
            site.check_rolled_back()
            return [act for act in read_trace(trace) if act.call in ERRNOS]

    return bench.once(("fail_back", start), make)


def check_code(site, status, fired):
    """The rollback carries its own code, and the reason of a fault in the stage that is being taken back."""
    error = status["error"]
    undone = [f"undo:{stage['name']}" for stage in site.stages().values() if stage["state"] == "undoing"]
    if len(undone) > 1 or error["code"] != CODE or not any(explains(fault, (undone or ["-"])[0], error) for fault in fired):
        raise Lost(f"{undone}: {error['code']} {error['reason']} {error['message']}; that is not what happened: {told(fired)}")


def drive(faults):
    """Rolls back and resumes until it is rolled back."""
    site = faults.site
    refused = False  # then it still stands as it did before
    while True:
        try:
            if site.status()["state"] in ("finished", "failed"):
                site.api("POST", "/v1/rollback", {"files_only": False})
            status = site.rest()
            fired = faults.new()
            stopped = status["state"] == "rollback_failed"
            faults.settle(fired, stopped and not refused)
            if status["state"] == "rolled_back":
                return
            if not stopped and not refused:
                raise Lost(f"{status['state']} after {told(fired)}")
            if stopped and not refused:
                check_code(site, status, fired)
            refused = False
            if stopped:
                site.api("POST", "/v1/resume")
        except Refused as answer:
            faults.settle_refused(answer)
            refused = True


def fail(start, points, bench):
    with Site(bench) as site:
        reach(site, start)
        return to_the_end(Faults(site, points), drive, site.check_rolled_back, back.ASK)


def interrupt(start, bench):
    """Every call is interrupted at first."""
    with Site(bench) as site:
        reach(site, start)
        site.start(environment=bench.shimmed(**INTERRUPTED, FAULT_FIRED=site.box / "fired"), settings=back.ASK)
        site.rollback()
        site.check_rolled_back()
        attempts = len((site.box / "fired").read_bytes().splitlines())
        if attempts < 50:
            raise Lost(f"only {attempts} calls were interrupted")
    return Outcome.RIGHT_END


def cases(bench, everything):
    found = []
    for start in STARTS if everything else (FROM_THE_END, "migrate_mautic_3"):
        each = EACH if start == FROM_THE_END else ELSEWHERE
        acts = bench.chosen(undisturbed(bench, start), each) if everything else spread(undisturbed(bench, start), 1)
        lists = share([(act, errno) for act in acts for errno in ERRNOS[act.call]], AT_ONCE)
        for number, points in enumerate(lists):
            found.append(Case(f"from {start}: {len(points)} faults from {points[0][1]} at {points[0][0]} on",
                              functools.partial(fail, start, points), number < (2 if start == FROM_THE_END else 1)))
        found.append(Case(f"from {start}: EINTR, every call", functools.partial(interrupt, start), start == FROM_THE_END))
    return found
