# SPDX-License-Identifier: GPL-3.0-or-later
"""What compare and property share: a private MariaDB with the fixture, the two planners, and how plans differ."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PREFIXES = ("", "mtc_")
# Bounds for the children: an endless loop in a migration is a failure, not a hang.
PLAN_SECONDS = 300
START_SECONDS = 60


def missing_program(php=True):
    """The name of a program that the tests need and the machine has not, or None."""
    for name in ("mariadbd", "mariadb-install-db", *(["php"] if php else [])):
        if not (shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")):
            return name
    if not php:
        return None
    dbal = subprocess.run(["php", "-r", "require 'Doctrine/DBAL/autoload.php';"], capture_output=True, check=False)
    return "php-doctrine-dbal" if dbal.returncode else None


class Server:
    """A MariaDB of our own, on a socket below a temporary folder, with one database for each prefix."""

    def __init__(self, prefixes=PREFIXES):
        self.prefixes = prefixes

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="differential-"))
        self.socket = self.folder / "socket"
        try:
            self._start()
            for prefix in self.prefixes:
                self._load(prefix)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception):
        if getattr(self, "process", None):
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self):
        environment = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
        user = ["--user=root"] if os.geteuid() == 0 else []
        data = f"--datadir={self.folder}/data"
        with open(self.folder / "log", "wb") as log:
            subprocess.run(["mariadb-install-db", "--no-defaults", data, *user, "--skip-test-db",
                            "--auth-root-authentication-method=normal"],
                           check=True, stdout=log, stderr=log, env=environment)
            self.process = subprocess.Popen(
                ["mariadbd", "--no-defaults", data, *user, f"--socket={self.socket}", "--skip-networking",
                 f"--tmpdir={self.folder}", f"--pid-file={self.folder}/pid",
                 "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M"],
                stdout=log, stderr=log, env=environment)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("mariadbd did not start:\n" + (self.folder / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.1)

    def _client(self, *arguments, **options):
        return subprocess.run(["mariadb", "--no-defaults", "--user=root", f"--socket={self.socket}",
                               "--default-character-set=utf8mb4", *arguments],
                              capture_output=True, text=True, check=False, **options)

    def _answers(self):
        return self._client("--execute=SELECT 1").returncode == 0

    def _load(self, prefix):
        name = self.database(prefix)
        schema = (HERE / "schema.sql").read_text(encoding="utf-8").replace("`@", f"`{prefix}")
        create = f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci; USE {name};\n"
        loaded = self._client(input=create + schema)
        if loaded.returncode:
            raise RuntimeError(f"the fixture: {loaded.stderr}")

    def load(self, name, dump):
        """A new database with the content of a dump (bytes)."""
        create = f"DROP DATABASE IF EXISTS `{name}`; CREATE DATABASE `{name}` CHARACTER SET utf8mb4; USE `{name}`;\n"
        loaded = subprocess.run(["mariadb", "--no-defaults", "--user=root", f"--socket={self.socket}",
                                 "--default-character-set=utf8mb4", "--binary-mode"],
                                input=create.encode() + dump, capture_output=True, check=False)
        if loaded.returncode:
            raise RuntimeError(f"the dump for {name}: {loaded.stderr.decode(errors='replace')}")

    def dsn_of(self, name):
        return f"mysql://root@localhost/{name}?unix_socket={self.socket}"

    @staticmethod
    def database(prefix):
        return f"fixture_{prefix}".rstrip("_")

    def dsn(self, prefix):
        return self.dsn_of(self.database(prefix))


def plans_of(command, what):
    """Runs a planner and gives its plans by version."""
    done = subprocess.run(command, capture_output=True, timeout=PLAN_SECONDS, check=False)
    try:
        plans = json.loads(done.stdout)
    except ValueError as error:
        raise RuntimeError(f"{what} ended with {done.returncode} and no JSON ({error}):\n"
                           f"{done.stderr.decode(errors='replace')[-2000:]}") from error
    return {plan["version"].split("\\")[-1].removeprefix("Version"): plan for plan in plans}


def doctrine_plans(folder, prefix, dsn):
    return plans_of(["php", HERE / "harness.php", "--dir", folder, "--prefix", prefix, "--dsn", dsn], "the harness")


def native_plans(reader, folder, prefix, dsn, doctrine="3.7"):
    return plans_of([reader, "plan", "--independent", "--json", "--doctrine", doctrine, "--dir", folder, "--prefix", prefix,
                     "--dsn", dsn], "migrations-reader")


def exactly(value):
    """A text that is equal for two values only when they are the same to the byte and the type."""
    return json.dumps(value, ensure_ascii=True)


def statements(plan):
    """What is compared of the statements. Those that Doctrine makes of changes of the schema follow the order in which the
    server tells tables, indexes and keys, which its unstable sort may give in another way each time: they are sorted."""
    of_migration, of_schema = [], []
    for one in plan.get("statements", []):
        made = not one["line"] and not one.get("direct")
        (of_schema if made else of_migration).append(
            (one["sql"], exactly(one.get("params") or []), bool(one.get("direct"))))
    return of_migration + sorted(of_schema)


def differences(doctrine, native):
    """Lines that say in what two plans of one migration differ; none when they are equal."""
    if native is None:
        return ["not in the plan"]
    if native["verdict"] != doctrine["verdict"]:
        return [f"verdict {native['verdict']} ({native.get('message')}), "
                f"Doctrine: {doctrine['verdict']} ({doctrine.get('message')})"]
    if doctrine["verdict"] == "skipped" and native.get("message") != doctrine["message"]:
        return [f"skipped with {native.get('message')!r}, Doctrine: {doctrine['message']!r}"]
    if doctrine["verdict"] == "error" and own_words(doctrine) not in (native.get("message") or ""):
        return [f"error {native.get('message')!r}, Doctrine: {doctrine['message']!r}"]
    if doctrine["verdict"] not in ("sql", "empty"):
        return []
    # Mautic 5's dbal (3.7) renames an index on newer servers, Debian's 3.6 makes it anew: both in the property test only.
    if any(" RENAME INDEX " in one["sql"] and not one["line"] for one in native["statements"]):
        return []
    lines = []
    if bool(native.get("transactional")) != bool(doctrine["transactional"]):
        lines.append(f"transactional {native.get('transactional')}, Doctrine: {doctrine['transactional']}")
    found, wanted = statements(native), statements(doctrine)
    for number in range(max(len(found), len(wanted))):
        mine = found[number] if number < len(found) else None
        its = wanted[number] if number < len(wanted) else None
        if mine != its:
            lines += [f"statement {number + 1}: {told(mine)}", f"{'Doctrine':>11}: {told(its)}"]
    return lines


def own_words(plan):
    """The words of an error that both must give: a server's or PHP's own are worded in another way natively."""
    own = re.fullmatch(r"Exception|RuntimeException|LogicException|.*\\AbortMigration", plan.get("class", ""))
    return plan["message"] if own and isinstance(plan["message"], str) else ""


def told(statement):
    if statement is None:
        return "none"
    sql, parameters, direct = statement
    return f"{sql}{' (direct)' if direct else ''}{' with ' + parameters if parameters != '[]' else ''}"
