# SPDX-License-Identifier: GPL-3.0-or-later
"""The database's server on the way back, while the backup is restored: when it dies, refuses, waits, is full. The rollback
says so with its code and the fault's reason, the site stays closed, and resume brings everything back."""

import functools
import time

from harness import Case, Lost, Outcome
from harness.database_site import DatabaseSite, SmallDiskSite
from harness.mounts import in_own_namespace
from hostile.database_proxy import GO_ON, Rule
from parts.database import LOST, STANDING, kill_connection, nothing, outwait, rest_while_full, restart, stop

TITLE = "the database's server, on the way back"
CODE = "ERR_ROLLBACK_FAILED"
STAGE = "undo:migrate_mautic_3"  # brings the database back
# A lock of another node is waited for as long as a console may take.
SETTINGS = {"php.timeout": "1"}
PARTS = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
REASONS = {"tables are locked": {"database_query_failed", "database_locked", "table_locked", "timed_out"},
           "the server is read-only": {"database_query_failed"}, "max_allowed_packet is small": {"database_query_failed", *LOST}}
SAMPLED = {"rights are revoked"}


def begin_back(site, *rules):
    """Upgrades and rolls back; the rules hold for the way back. Does not wait."""
    site.remember()
    site.start()
    site.upgrade()
    site.expect_state("finished")
    site.stop()
    site.start(settings=SETTINGS)
    site.proxy.listed = True
    site.proxy.rules = list(rules)
    site.api("POST", "/v1/rollback", {"files_only": False})


def dropped(site):
    """Whether the restoration has dropped a table."""
    return any(stage == STAGE and sql.upper().startswith(b"DROP TABLE") for stage, sql in site.proxy.commands)


def check_failure(site, reasons):
    """The rollback stands with the right code; visitors do not see a database in parts."""
    code, reason, message = site.failure()
    if code != CODE or (reasons and reason not in reasons):
        raise Lost(f"{code} {reason} instead of {sorted(reasons or ())}: {message}")
    if dropped(site) and b"503" not in (site.root / "index.php").read_bytes():
        raise Lost(f"the site is open, its database half restored: {reason} {message}")


def end_right(site, reasons):
    """The rollback has met its fault, which is over: it goes on to its right end."""
    status = site.rest()
    site.require_met()
    outcome = Outcome.RIGHT_END
    for _ in range(3):
        if status["state"] != "rollback_failed":
            break
        outcome = Outcome.FAILED_RIGHTLY
        check_failure(site, reasons)
        reasons = None
        status = site.resume()
    site.check_rolled_back()
    return outcome


def place(bench, part):
    """The command that stands at that part (0 to 1) of an undisturbed restoration."""

    def count():
        with DatabaseSite(bench) as site:
            begin_back(site)
            site.rest()
            number = sum(stage == STAGE for stage, _ in site.proxy.commands)
            site.check_rolled_back()
            return number

    return max(1, round(bench.once(("commands", STAGE), count) * part))


def try_at_command(part, when, act, bench):
    with DatabaseSite(bench) as site:
        begin_back(site, Rule(functools.partial(act, site), when=when, stage=STAGE, nth=place(bench, part)))
        return end_right(site, LOST)


def try_dead(part, bench):
    """Killed for good: the rollback fails and stays failed until the server is there again."""
    with DatabaseSite(bench) as site:
        begin_back(site, Rule(functools.partial(stop, site), stage=STAGE, nth=place(bench, part)))
        site.rest()
        site.require_met()
        for _ in range(2):
            site.expect_state("rollback_failed")
            check_failure(site, LOST)
            site.resume()
        site.database.start()
        return end_right(site, LOST)


def try_idle(part, bench):
    with DatabaseSite(bench) as site:
        site.sql("SET GLOBAL wait_timeout = 1")
        begin_back(site, Rule(functools.partial(outwait, site), stage=STAGE, nth=place(bench, part)))
        return end_right(site, LOST)


def try_slow(bench):
    """Every command takes its time; nothing is lost."""

    def wait(_link):
        time.sleep(0.02)
        return GO_ON

    with DatabaseSite(bench) as site:
        begin_back(site, Rule(wait, stage=STAGE, stays=True))
        return end_right(site, None)


def try_full(pattern, nth, bench):
    """The server's disk is full from that command on: what was dropped can't be made again."""

    def fill(site, _link):
        site.fill()
        return GO_ON

    with SmallDiskSite(bench) as site:
        begin_back(site, Rule(functools.partial(fill, site), pattern=pattern, stage=STAGE, nth=nth))
        rest_while_full(site)
        site.require_met()
        reasons = {"disk_full"}
        if "during COMMIT" in (site.failure()[2] or ""):  # then InnoDB does not say what it lacks
            reasons.add("database_query_failed")
        site.free()
        return end_right(site, reasons)


def try_standing(name, bench):
    harm, mend, reasons = STANDING[name]

    def act(site, _link):
        harm(site)
        return GO_ON

    with DatabaseSite(bench) as site:
        begin_back(site, Rule(functools.partial(act, site), when="connect", stage=STAGE))
        status = site.rest()
        site.require_met()
        mend(site)
        if status["state"] != "rollback_failed":
            raise Lost(f"{status['state']} although {name}")
        return end_right(site, REASONS.get(name, reasons))


def cases(_bench, _everything):
    found = []
    for part in PARTS:
        for when in ("before", "after"):
            found.append(Case(f"killed and started again {when} command {part:.0%}", functools.partial(try_at_command, part, when, restart),
                              (part, when) == (0.4, "before")))
        found += [Case(f"killed for good at command {part:.0%}", functools.partial(try_dead, part), part == 0.6),
                  Case(f"the connection is cut behind command {part:.0%}", functools.partial(try_at_command, part, "after", nothing), part == 0.8),
                  Case(f"the connection is killed at command {part:.0%}",
                       functools.partial(try_at_command, part, "before", kill_connection), part == 0.2)]
    found += [Case(f"nothing is said for long at command {part:.0%}", functools.partial(try_idle, part), part == 0.6) for part in PARTS]
    found += [Case(f"the disk is full from {words.lower()} {nth} on", in_own_namespace(functools.partial(try_full, words.encode(), nth)),
                   (words, nth) == ("CREATE TABLE", 5)) for words in ("CREATE TABLE", "INSERT INTO") for nth in (1, 5, 10)]
    found += [Case(name, functools.partial(try_standing, name), name in SAMPLED) for name in STANDING]
    return [*found, Case("slow", try_slow, False)]
