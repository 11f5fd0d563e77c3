# SPDX-License-Identifier: GPL-3.0-or-later
"""The database's server, when it dies, refuses, waits, is full, or loses what it has just been told. In each stage that uses
it and with both engines; a stage that fails says so with its code, and resume (or rollback, where a console was torn away
in the middle of a migration) then ends right."""

import functools
import re
import signal
import socket
import subprocess
import time

from harness import Case, Lost, Outcome
from harness.database_site import DatabaseSite, SmallDiskSite
from harness.mounts import in_own_namespace
from hostile.database_proxy import GO_ON, Rule

TITLE = "the database's server"
CODES = {
    "preflight": "ERR_PREFLIGHT_FAILED", "backup_database": "ERR_DATABASE_BACKUP_FAILED",
    "migrate_mautic_2": "ERR_MAUTIC_2_MIGRATIONS_FAILED", "migrate_mautic_3": "ERR_MAUTIC_3_MIGRATIONS_FAILED",
}
LOST = {"database_lost", "database_unreachable"}
# A console that dies in the middle of a migration leaves what nobody can go on with blindly.
TORN = "migration_interrupted"
ENGINES = ("console", "native")
STAGES = tuple(CODES)


def end_right(site, stages=STAGES, reasons=None):
    """The upgrade has met its fault, which is over: it goes on to its right end, or is taken back where that is the way."""
    status = site.rest()
    site.require_met()
    outcome = Outcome.RIGHT_END
    for _ in range(3):  # another process may have met the fault, too
        if status["state"] != "failed":
            break
        outcome = Outcome.FAILED_RIGHTLY
        code, reason, message = site.failure()
        if code not in [CODES.get(stage) for stage in stages] + ["ERR_BUILD_M3_CACHE"] * ("build_cache" in stages):
            raise Lost(f"{code} {reason} instead of {stages}: {message}")
        if reason == TORN:
            site.rollback()
            site.check_rolled_back()
            return outcome
        if reasons and reason not in reasons:
            raise Lost(f"{code} {reason} instead of {sorted(reasons)}: {message}")
        reasons = None
        status = site.resume()
    site.check_finished()
    return outcome


# Commands, counted in an undisturbed run


def commands(bench, engine):
    """{stage: number of its commands}"""

    def count():
        with DatabaseSite(bench, engine) as site:
            site.proxy.listed = True
            site.begin_harmed()
            site.rest()
            site.expect_state("finished")
            listed = [stage for stage, _ in site.proxy.commands]
            return {stage: listed.count(stage) for stage in STAGES}

    return bench.once(("commands", engine), count)


def place(bench, engine, stage, part):
    """The command that stands at that part (0 to 1) of the stage."""
    return max(1, round(commands(bench, engine)[stage] * part))


# Faults at a command


def restart(site, _link):
    site.database.stop(signal.SIGKILL)
    site.database.start()


def stop(site, _link):
    site.database.stop(signal.SIGKILL)


def kill_connection(site, link):
    site.sql(f"KILL CONNECTION {link.number}")
    return GO_ON


def nothing(_site, _link):
    """The connection is cut; the server is well."""


def try_at_command(engine, stage, part, when, act, bench):
    with DatabaseSite(bench, engine) as site:
        nth = place(bench, engine, stage, part)
        site.begin_harmed(Rule(functools.partial(act, site), when=when, stage=stage, nth=nth))
        # What preflight meets is a finding of its own, or a warning that nobody has accepted.
        return end_right(site, (stage,), None if stage == "preflight" else LOST)


def try_dead(engine, stage, part, bench):
    """Killed for good: the stage fails and stays failed until the server is there again."""
    with DatabaseSite(bench, engine) as site:
        site.begin_harmed(Rule(functools.partial(stop, site), stage=stage, nth=place(bench, engine, stage, part)))
        site.rest()
        site.require_met()
        site.expect_state("failed")
        first = site.failure()
        if first[1] != TORN:
            site.resume()
            site.expect_state("failed")
        code, reason, message = site.failure()
        wanted = LOST | {TORN, "preflight_errors"}
        # A check that lost its server in the middle has not checked: a warning that nobody has accepted.
        at_first = wanted | ({"preflight_warnings"} if stage == "preflight" else set())
        if code != CODES[stage] or reason not in wanted or first[1] not in at_first:
            raise Lost(f"{first} and then {code} {reason}: {message}")
        site.database.start()
        return end_right(site, (stage,))


def try_commit_lost(engine, stage, nth, bench):
    """The server has committed; the daemon never hears of it."""
    with DatabaseSite(bench, engine) as site:
        site.begin_harmed(Rule(functools.partial(nothing, site), when="after", pattern=rb"^COMMIT", stage=stage, nth=nth))
        return end_right(site, (stage,), LOST)


def try_cut_dump(bench):
    """The connection ends in the middle of a table that is being dumped."""
    with DatabaseSite(bench) as site:
        rule = Rule(functools.partial(nothing, site), when="amid", pattern=rb"SQL_NO_CACHE", stage="backup_database", nth=3, behind=200)
        site.begin_harmed(rule)
        return end_right(site, ("backup_database",), LOST)


def try_slow(engine, bench):
    """Every command takes its time; nothing is lost."""

    def wait(_link):
        time.sleep(0.02)
        return GO_ON

    with DatabaseSite(bench, engine) as site:
        site.begin_harmed(Rule(wait, stays=True))
        return end_right(site)


def try_silent(stage, bench):
    """The server takes the connection and says nothing: connecting has a limit."""
    with DatabaseSite(bench, **{"database.timeout": "1"}) as site:
        site.begin_harmed(Rule(lambda _link: site.bench.stopping.wait(20), when="connect", stage=stage, stays=True))
        return end_right(site, (stage,), LOST | {"backup_incomplete", "program_failed"})


def rest_while_full(site):
    """Until it rests, or waits for the server, which can't write a table's statistics and keeps that table locked meanwhile."""
    waits = "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata lock' AND time > 5"
    site.wait_until(lambda: site.gone() or site.rests() or int(site.sql(waits)[0]), "the upgrade or the server rests")


def try_full(engine, stage, part, bench):
    """The server's disk is full from a command on."""

    def fill(site, _link):
        site.fill()
        return GO_ON

    with SmallDiskSite(bench, engine) as site:
        site.begin_harmed(Rule(functools.partial(fill, site), stage=stage, nth=place(bench, engine, stage, part)))
        rest_while_full(site)
        site.require_met()
        site.free()
        return end_right(site, STAGES[STAGES.index(stage):], {"disk_full"})  # this stage may need no more room


def outwait(site, _link):
    """Waits until the server, which keeps nobody for long who says nothing, has dropped a session."""
    hold(site)
    site.wait_until(lambda: not int(site.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'root' AND"
                                             " command = 'Sleep'")[0]), "an idle session is dropped")
    let_go(site)
    return GO_ON


def try_idle(engine, stage, part, bench):
    """Between two commands passes more time than wait_timeout allows."""
    with DatabaseSite(bench, engine) as site:
        site.sql("SET GLOBAL wait_timeout = 1")
        site.begin_harmed(Rule(functools.partial(outwait, site), stage=stage, nth=place(bench, engine, stage, part)))
        return end_right(site, (stage,), LOST)


def try_dead_while_building(bench):
    """The server dies while the cache is built, and the console says so."""
    with DatabaseSite(bench) as site:
        site.sandbox("fault", "cache:clear", "--wait", "--fail", 1, "--times", 1, "--message", "SQLSTATE[HY000] [2002] No such file or directory")
        site.begin_harmed()
        site.wait_until(lambda: site.rests() or (site.box / "console-waits").exists(), "the console waits")
        site.database.stop(signal.SIGKILL)
        (site.box / "console-goes-on").touch()
        site.rest()
        site.expect_state("failed")
        site.database.start()
        site.proxy.met.set()
        return end_right(site, ("build_cache",), LOST)


# Faults of the server that hold from a stage's first connection on: name: (harm, mend, reasons)


def account(site):
    return site.facts["database"]["account"]


def change_password(site):
    site.sql(f"ALTER USER {account(site)} IDENTIFIED BY 'another'")


def mend_password(site):
    site.sql("ALTER USER {} IDENTIFIED BY '{}'".format(account(site), re.sub(r"(['\\])", r"\\\1", site.facts["database"]["password"])))


def lock_account(site):
    site.sql(f"ALTER USER {account(site)} ACCOUNT LOCK")


def unlock_account(site):
    site.sql(f"ALTER USER {account(site)} ACCOUNT UNLOCK")


def drop_user(site):
    site.grants = [*site.sql(f"SHOW CREATE USER {account(site)}"), *site.sql(f"SHOW GRANTS FOR {account(site)}")]
    site.sql(f"DROP USER {account(site)}")


def make_user(site):
    site.sql("; ".join(site.grants))


def fill_connections(site):
    """As many as there may be, all of strangers who never say who they are."""
    site.sql("SET GLOBAL max_connections = 10; SET GLOBAL connect_timeout = 3600")
    site.strangers = []
    while True:
        stranger = socket.socket(socket.AF_UNIX)
        stranger.connect(site.facts["database"]["socket"])
        site.strangers.append(stranger)
        greeting = stranger.recv(5)
        if greeting[4:5] == b"\xff":
            return


def free_connections(site):
    for stranger in site.strangers:
        stranger.close()
    site.wait_until(lambda: int(site.sql("SHOW STATUS LIKE 'Threads_connected'")[0].split("\t")[1]) < 5, "the strangers are gone")
    site.sql("SET GLOBAL max_connections = 40")


def revoke(site):
    site.sql(f"REVOKE ALTER, DROP, CREATE, INDEX ON mautic.* FROM {account(site)}")


def grant(site):
    site.sql(f"GRANT ALTER, DROP, CREATE, INDEX ON mautic.* TO {account(site)}")


def hold_lock(site):
    name = f"mautic-upgraded:mautic:{site.facts['prefix']}"
    hold(site, f"SELECT GET_LOCK('{name}', 10)")


def hold(site, *statements):
    """A session that keeps what these statements take, until let_go()."""
    command, environment = site.database.client_command("mautic", "--unbuffered", "--batch", "--skip-column-names")
    site.holder = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    site.holder.stdin.write("; ".join([*statements, "SELECT 'held'"]).encode() + b";\n")
    site.holder.stdin.flush()
    for line in site.holder.stdout:
        if line.strip() == b"held":
            return
    raise Lost(f"the lock can't be held: {site.holder.stderr.read().decode()}")


def let_go(site):
    site.holder.stdin.close()
    site.holder.wait()


def lock_tables(site):
    """Every table is read in a transaction that does not end: who changes one waits, but not for ever."""
    site.sql("SET GLOBAL lock_wait_timeout = 1; SET GLOBAL innodb_lock_wait_timeout = 1")
    tables = site.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'mautic' AND table_name NOT LIKE '%migrations'"
                      " AND table_name NOT LIKE 'mautic_upgraded%' AND table_type = 'BASE TABLE'")
    hold(site, "START TRANSACTION", *(f"SELECT COUNT(*) FROM `{table}` WHERE 0" for table in tables))


def read_only(site):
    site.sql("SET GLOBAL read_only = 1")


def writable(site):
    site.sql("SET GLOBAL read_only = 0")


def take_small_packets_alone(site):
    site.sql("SET GLOBAL max_allowed_packet = 1024; SET GLOBAL net_buffer_length = 1024")


def take_all_packets(site):
    site.sql("SET GLOBAL max_allowed_packet = 67108864; SET GLOBAL net_buffer_length = 16384")


DENIED = {"database_access_denied"}
STANDING = {
    "the password is changed": (change_password, mend_password, DENIED),
    "the account is locked": (lock_account, unlock_account, DENIED),
    "the user is dropped": (drop_user, make_user, DENIED),
    "too many connections": (fill_connections, free_connections, LOST),
    "rights are revoked": (revoke, grant, DENIED),
    "another node's lock": (hold_lock, let_go, {"database_locked"}),
    "tables are locked": (lock_tables, let_go, {"migration_failed", "table_locked", "timed_out"}),
    "the server is read-only": (read_only, writable, {"migration_failed", "database_query_failed"}),
    "max_allowed_packet is small": (take_small_packets_alone, take_all_packets,
                                    {"backup_unproven", "migration_failed", "database_query_failed", *LOST}),
}
HARMLESS = {"max_allowed_packet is small"}  # where nothing is sent that is larger
ONLY_MIGRATIONS = {"rights are revoked", "another node's lock", "tables are locked", "the server is read-only"}


def try_standing(engine, stage, name, bench):
    harm, mend, reasons = STANDING[name]

    def act(site, _link):
        harm(site)
        return GO_ON

    with DatabaseSite(bench, engine) as site:
        site.begin_harmed(Rule(functools.partial(act, site), when="connect", stage=stage))
        status = site.rest()
        site.require_met()
        mend(site)
        if status["state"] != "failed" and name not in HARMLESS:
            raise Lost(f"{status['state']} although {name}")
        return end_right(site, (stage,), reasons)


def cases(_bench, _everything):
    found = []
    first = set()

    def add(name, function, *arguments):
        kind = (function, *(word for word in arguments if callable(word)))
        run = functools.partial(function, *arguments)
        found.append(Case(name, in_own_namespace(run) if function is try_full else run, sampled=kind not in first))
        first.add(kind)

    for engine in ENGINES:
        for stage in STAGES:
            for part in (0.1, 0.3, 0.5, 0.7, 0.9):
                for when in ("before", "after"):
                    where = f"{when} command {part:.0%} of {stage} ({engine})"
                    add(f"killed and started again {where}", try_at_command, engine, stage, part, when, restart)
            add(f"killed for good in {stage} ({engine})", try_dead, engine, stage, 0.5)
            if stage.startswith("migrate"):
                for part in (0.1, 0.5, 0.8):
                    add(f"the disk is full from command {part:.0%} of {stage} on ({engine})", try_full, engine, stage, part)
            if stage != "preflight":
                add(f"nothing is said for long in {stage} ({engine})", try_idle, engine, stage, 0.6)
                add(f"the connection is cut in {stage} ({engine})", try_at_command, engine, stage, 0.6, "after", nothing)
                add(f"the connection is killed in {stage} ({engine})", try_at_command, engine, stage, 0.6, "before", kill_connection)
        for stage in ("migrate_mautic_2", "migrate_mautic_3"):
            for name in STANDING:
                add(f"{name} in {stage} ({engine})", try_standing, engine, stage, name)
        add(f"slow ({engine})", try_slow, engine)
    for nth in (1, 2):
        add(f"the answer to COMMIT is lost, {nth} (native)", try_commit_lost, "native", "migrate_mautic_3", nth)
    add("the answer to COMMIT is lost in Mautic 2's migrations (native)", try_commit_lost, "native", "migrate_mautic_2", 1)
    for name in STANDING:
        if name not in ONLY_MIGRATIONS:
            add(f"{name} in backup_database", try_standing, "console", "backup_database", name)
    add("killed for good in build_cache", try_dead_while_building)
    add("cut in the middle of a table's dump", try_cut_dump)
    for stage in ("backup_database", "migrate_mautic_2"):
        add(f"takes the connection and says nothing in {stage}", try_silent, stage)
    return found
