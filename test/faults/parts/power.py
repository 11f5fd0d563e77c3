# SPDX-License-Identifier: GPL-3.0-or-later
"""Power cuts of a whole virtual machine, database and all, on real file systems: booted again, the upgrade goes on.

The machine dies at one of its disk's writes, spread over all of them; what the disk had not been told to flush is gone, or
there by chance. Some die once more on the way on."""

import functools
import random

from harness import Case, Lost, Outcome
from harness.machine import Machine, has_kvm
from harness.mounts import FILE_SYSTEMS

TITLE = "power cut of a virtual machine"
# For each file system; an emulated processor takes minutes for each.
CUTS = 16 if has_kvm() else 4
CUTS_BACK = 8 if has_kvm() else 2
SEED = 20200


def machine(bench, file_system):
    return bench.once(("power", file_system), lambda: Machine(bench, file_system))


def undisturbed(bench, file_system):
    """The report of an upgrade that nothing disturbed, and the disk with it."""

    def make():
        of = machine(bench, file_system)
        with of.disk() as disk:
            report = of.boot(disk, "upgrade")
            check_end(report, "finished")
            upgraded = of.base.with_name(f"upgraded-{file_system}.img")
            disk.rename(upgraded)
            return report, upgraded

    return bench.once(("power: reference", file_system), make)


def undisturbed_back(bench, file_system):
    """The report of a rollback that nothing disturbed."""

    def make():
        of = machine(bench, file_system)
        with of.disk(undisturbed(bench, file_system)[1]) as disk:
            report = of.boot(disk, "rollback")
            check_back(report, of)
            return report

    return bench.once(("power: the way back", file_system), make)


def check_back(report, of):
    check_end(report, "rolled_back")
    check_same(report, of.prepared)


def check_end(report, wanted):
    if report.end.get("end") == wanted:
        return
    states = " ".join(f"{fact['state']}/{fact['stage']}" for fact in report.facts if "state" in fact)
    raise Lost(f"{report.end.get('end', 'no end')} instead of {wanted}, after {states}: {report.end.get('error')}; {report.last_console()}")


def check_same(report, wanted):
    for name in ("tree", "dump"):
        wanted_lines, found_lines = wanted.data(name).splitlines(), report.data(name).splitlines()
        if wanted_lines != found_lines:
            missing, new = sorted(set(wanted_lines) - set(found_lines)), sorted(set(found_lines) - set(wanted_lines))
            raise Lost(f"the {name} is another: missing {missing[:5]}, new {new[:5]}")


def is_torn(report):
    """A console that died between two statements of a migration, or tables that the server's DDL left damaged: told, and left
    to a person."""
    return report.end.get("end") == "failed" and (report.end.get("error") or {}).get("reason") in ("migration_interrupted", "database_damaged")


def cut(file_system, number, bench):
    reference, _ = undisturbed(bench, file_system)
    of = machine(bench, file_system)
    chance = random.Random(f"{SEED} {file_system} {number}")
    limit = 1 + int((number + chance.random()) * reference.writes / CUTS)
    with of.disk() as disk:
        report = of.boot(disk, "upgrade", limit, None if number % 2 else chance.random())
        if not report.was_cut:
            check_end(report, "finished")
        elif number % 4 == 0:
            of.boot(disk, "upgrade", 1 + int(chance.random() * reference.writes / 2), chance.random())
        report = of.boot(disk, "upgrade")
        if is_torn(report):
            check_back(of.boot(disk, "rollback"), of)
            return Outcome.FAILED_RIGHTLY
        check_end(report, "finished")
        check_same(report, reference)
    return Outcome.RIGHT_END


def cut_back(file_system, number, bench):
    """The power goes on the way back of a finished upgrade."""
    reference = undisturbed_back(bench, file_system)
    of = machine(bench, file_system)
    chance = random.Random(f"{SEED} {file_system} back {number}")
    limit = 1 + int((number + chance.random()) * reference.writes / CUTS_BACK)
    with of.disk(undisturbed(bench, file_system)[1]) as disk:
        report = of.boot(disk, "rollback", limit, None if number % 2 else chance.random())
        check_back(of.boot(disk, "rollback") if report.was_cut else report, of)
    return Outcome.RIGHT_END


def cases(bench, everything):
    return [Case(f"{file_system}, cut {number + 1} of {cuts}{where}", functools.partial(act, file_system, number), sampled=False)
            for file_system in FILE_SYSTEMS
            for act, cuts, where in ((cut, CUTS, ""), (cut_back, CUTS_BACK, " on the way back"))
            for number in range(cuts)]
