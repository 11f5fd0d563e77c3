# SPDX-License-Identifier: GPL-3.0-or-later
"""The database's server, when it dies, refuses, waits, is full, or loses what it has just been told. In each stage that uses
it and with both engines; a stage that fails says so with its code, and resume (or rollback, where a console was torn away
in the middle of a migration) then ends right."""

import functools
import itertools
import os
import re
import signal
import socket
import subprocess
import time

from harness import Case, Lost, Outcome, Site
from hostile.database_proxy import GO_ON, DatabaseProxy, Rule

TITLE = "the database's server"
CODES = {
    "preflight": "ERR_PREFLIGHT_FAILED", "backup_database": "ERR_DATABASE_BACKUP_FAILED",
    "migrate_mautic_2": "ERR_MAUTIC_2_MIGRATIONS_FAILED", "migrate_mautic_3": "ERR_MAUTIC_3_MIGRATIONS_FAILED",
}
LOST = {"database_lost", "database_unreachable"}
# A console that dies in the middle of a migration leaves what nobody can go on with blindly.
TORN = "migration_interrupted"
STAGE = re.compile(rb" stage=(\w+) state=running ")
ENGINES = ("console", "native")
STAGES = tuple(CODES)
_numbers = itertools.count(1)


class DatabaseSite(Site):
    """A site whose daemon, consoles and dumps reach their database through a proxy."""

    def __init__(self, bench, engine="console", **settings):
        self.proxy = DatabaseProxy(bench.scratch / f"proxy-{os.getpid()}-{next(_numbers)}")
        super().__init__(bench, settings={"database.socket": self.proxy.path, "migrations.engine": engine, **settings})

    def __enter__(self):
        super().__enter__()
        self.proxy.target = self.facts["database"]["socket"]
        self.proxy.stage = self.stage
        self.proxy.__enter__()
        return self

    def __exit__(self, *reason):
        self.proxy.__exit__()
        super().__exit__(*reason)

    def stage(self):
        """The stage at work, as the daemon's log tells it."""
        found = STAGE.findall(self.log.read_bytes()) if self.log.exists() else []
        return found[-1].decode() if found else None

    def begin_harmed(self, *rules):
        """Starts the upgrade; the rules hold from its own beginning on, not for the checks before it."""
        self.remember()
        self.start()
        warnings = self.warnings()
        self.proxy.rules = list(rules)
        self.api("POST", "/v1/start", {"accept_warnings": warnings})

    def require_met(self):
        """Takes the rules away, once what they do is done."""
        if not self.proxy.met.is_set():
            raise Lost("the fault was never met")
        self.proxy.rules = []
        self.wait_until(lambda: not self.proxy.acting, "the fault is done")


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
            site.upgrade_from_here()
            listed = [stage for stage, _ in site.proxy.commands]
            return {stage: listed.count(stage) for stage in STAGES}

    return bench.once(("commands", engine), count)


def upgrade_from_here(site):
    site.begin_harmed()
    site.rest()
    site.expect_state("finished")


DatabaseSite.upgrade_from_here = upgrade_from_here


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


DENIED = {"database_access_denied"}
STANDING = {
    "the password is changed": (change_password, mend_password, DENIED),
    "the account is locked": (lock_account, unlock_account, DENIED),
    "the user is dropped": (drop_user, make_user, DENIED),
    "too many connections": (fill_connections, free_connections, LOST),
    "rights are revoked": (revoke, grant, DENIED),
    "another node's lock": (hold_lock, let_go, {"database_locked"}),
    "tables are locked": (lock_tables, let_go, {"migration_failed", "timed_out"}),
    "the server is read-only": (read_only, writable, {"migration_failed", "database_query_failed"}),
}
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
        if status["state"] != "failed":
            raise Lost(f"{status['state']} although {name}")
        end_right(site, (stage,), reasons)
    return Outcome.FAILED_RIGHTLY


def cases(_bench, _everything):
    found = []
    first = set()

    def add(name, function, *arguments):
        kind = (function, *(word for word in arguments if callable(word)))
        found.append(Case(name, functools.partial(function, *arguments), sampled=kind not in first))
        first.add(kind)

    for engine in ENGINES:
        for stage in STAGES:
            for part in (0.1, 0.3, 0.5, 0.7, 0.9):
                for when in ("before", "after"):
                    where = f"{when} command {part:.0%} of {stage} ({engine})"
                    add(f"killed and started again {where}", try_at_command, engine, stage, part, when, restart)
            add(f"killed for good in {stage} ({engine})", try_dead, engine, stage, 0.5)
            if stage != "preflight":
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
    add("cut in the middle of a table's dump", try_cut_dump)
    for stage in ("backup_database", "migrate_mautic_2"):
        add(f"takes the connection and says nothing in {stage}", try_silent, stage)
    return found
