# SPDX-License-Identifier: GPL-3.0-or-later
"""Power cuts of a disk with a real file system on it, site, state and database: mounted again, the upgrade goes on.

The disk dies at one of its writes, spread over all of them; of what it had not been told to flush nothing is there, or some by
chance. Some die once more on the way on."""

import functools
import random
import re

from harness import Case, Lost, Outcome
from harness.disk_site import DiskSite
from harness.mounts import FILE_SYSTEMS, in_own_namespace

TITLE = "power cut of a disk (ext4, xfs, btrfs)"
CUTS = {"there": 40, "back": 20}  # of each file system
SEED = 20200
STOPS = 8  # so often a rollback may be told to go on
# What the server says, and the daemon adds, when there is a file of a table that it does not know.
ORPHAN = re.compile(r"`mautic`\.`(\w+)` .*Tablespace already exists.* move the table's \.ibd ")


class Undisturbed:
    """A run that nothing disturbs: what it ends with, and how often it writes to the disk."""

    def __init__(self, tree, dump, writes):
        self.tree, self.dump, self.writes = tree, dump, writes


def engine(number):
    """Every third site has its migrations applied without PHP."""
    return {"migrations.engine": "native" if number % 3 == 2 else "console"}


def undisturbed(bench, file_system, settings):
    def make():
        with DiskSite(bench, file_system, settings=settings) as site:
            site.start()
            site.limit(0)
            site.upgrade()
            site.expect_state("finished")
            writes = site.writes()
            site.stop()
            site.check_log()
            return Undisturbed(site.tree(), site.dump(), writes)

    return bench.once(("disk: there", file_system, repr(settings)), make)


def undisturbed_back(bench, file_system):
    """How often a rollback writes to the disk."""

    def make():
        with DiskSite(bench, file_system) as site:
            site.reach_mautic_3()
            site.start()
            site.limit(0)
            site.rollback()
            writes = site.writes()
            site.check_rolled_back()
            return writes

    return bench.once(("disk: back", file_system), make)


def go_there(site):
    if site.status()["state"] == "idle":
        site.begin()


def go_back(site):
    if site.status()["state"] == "finished":
        site.api("POST", "/v1/rollback", {"files_only": False})


def cut_power(site, drive, limit, seed):
    """The power goes with that write, or when all is done; then it is back. What was on its way is lost all the same."""
    site.limit(limit, seed)
    site.run(drive)
    site.power_on()


def check_forward(site, reference):
    """Goes on to the end. What the cut has done to the database's own files, and a console that died between two statements of
    a migration, are told of and left to a person, who takes the way back."""
    site.start()
    go_there(site)
    status = site.rest()
    if status["state"] == "failed" and status["error"]["reason"] in ("migration_interrupted", "database_damaged"):
        site.rollback()
        check_back(site)
        return Outcome.FAILED_RIGHTLY
    site.check_finished(reference)
    return Outcome.RIGHT_END


def check_back(site):
    """The way back ends; once a person has done what is said, where a table's file is in its way, or its recovery."""
    stops = 0
    while (status := site.rest())["state"] == "rollback_failed" and stops < STOPS:
        found = ORPHAN.search(status["error"]["message"])
        if found:
            (site.box / f"database/data/mautic/{found[1]}.ibd").unlink()
        elif status["error"]["reason"] != "table_locked":
            break
        stops += 1
        site.resume()
    site.check_rolled_back()
    return Outcome.FAILED_RIGHTLY if stops else Outcome.RIGHT_END


def cut(file_system, number, bench):
    reference = undisturbed(bench, file_system, engine(number))
    chance = random.Random(f"{SEED} {file_system} {number}")
    with DiskSite(bench, file_system, settings=engine(number)) as site:
        site.remember()
        cut_power(site, lambda: go_there(site), *place(chance, number, CUTS["there"], reference.writes))
        if number % 4 == 0:
            cut_power(site, lambda: go_there(site), 1 + int(chance.random() * reference.writes / 2), seed_of(chance))
        return check_forward(site, reference)


def cut_back(file_system, number, bench):
    """The power goes on the way back of a finished upgrade."""
    chance = random.Random(f"{SEED} {file_system} back {number}")
    with DiskSite(bench, file_system) as site:
        site.reach_mautic_3()
        cut_power(site, lambda: go_back(site), *place(chance, number, CUTS["back"], undisturbed_back(bench, file_system)))
        site.start()
        go_back(site)
        return check_back(site)


def place(chance, number, cuts, writes):
    """(the write with which the power goes, the seed: every other time everything is lost)"""
    return 1 + int((number + chance.random()) * writes / cuts), 0 if number % 2 else seed_of(chance)


def seed_of(chance):
    return chance.randrange(1, 1 << 31)


def cases(bench, _everything):
    found = []
    for index, file_system in enumerate(FILE_SYSTEMS):
        for act, way, words in ((cut, "there", ""), (cut_back, "back", " on the way back")):
            for number in range(CUTS[way]):
                run = in_own_namespace(functools.partial(act, file_system, number))
                found.append(Case(f"{file_system}, cut {number + 1} of {CUTS[way]}{words}", run, number % 20 == 6 * index + 1))
    return found
