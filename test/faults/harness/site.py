# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox site with the daemon on it."""

import contextlib
import difflib
import http.client
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time

from .outcome import Lost, Stopped
from .sandbox_parts import Server, canonical

PATIENCE_S = 180  # for what takes a second or two: a hang is an end, too, and a lost one
DIFFERENCE_LINES = 12
RESTING = ("finished", "failed", "interrupted", "rolled_back", "rollback_failed", "rollback_interrupted",
           "clean_failed", "clean_interrupted", "cleaned", "idle")
SANITIZER = re.compile(rb"Sanitizer|runtime error|out of memory")

_numbers = itertools.count(1)
_sandbox_lock = threading.Lock()


class Refused(Exception):
    """The daemon or the client said no."""

    def __init__(self, status, answer, words):
        super().__init__(words)
        self.status = status
        self.answer = answer


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Site:
    """A context manager: the sandbox is made at its begin; at its end all that runs on it is killed and the sandbox removed.

    files, rows: the sandbox's size. create: more options of `sandbox create`. settings: configuration keys for every daemon
    of this site, e.g. {"migrations.engine": "native"}. place: the folder to make it in, e.g. on another file system.
    """

    def __init__(self, bench, files=20, rows=20, create=(), settings=None, place=None):
        self.bench = bench
        self.box = pathlib.Path(place or bench.scratch) / f"box-{os.getpid()}-{next(_numbers)}"
        self.root = self.box / "site"
        self.state = self.box / "state"
        self.socket = self.state / "daemon.sock"
        self.log = self.box / "daemon.log"
        self.daemon = None
        self.facts = None  # the sandbox's sandbox.json
        self.before = None  # picture() before the start
        self._create = ["--files", str(files), "--rows", str(rows), *create]
        self._settings = {"smoke.request": "no", "gate.settle": "0", **(settings or {})}

    # The sandbox

    def sandbox(self, *words, **options):
        """Runs test/sandbox/sandbox COMMAND BOX …; words are [COMMAND, ARGUMENT…]."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **options}
        done = subprocess.run([self.bench.sandbox, words[0], self.box, *map(str, words[1:])],
                              start_new_session=True, check=False, **options)
        if done.returncode:
            raise RuntimeError(f"sandbox {words[0]}: {(done.stdout or b'').decode(errors='replace').strip()}")
        return done.stdout

    def __enter__(self):
        self.bench.check_stop()
        try:
            # The first one makes the template; the others find it.
            with contextlib.nullcontext() if self.bench.template.exists() else _sandbox_lock:
                self.sandbox("create", "--template", self.bench.template, *self._create)
            self.facts = json.loads((self.box / "sandbox.json").read_text(encoding="utf-8"))
            self.state.mkdir(mode=0o700)
            self.database = Server(self.facts["database"]["folder"])
            self._settings = {"database.socket": self.facts["database"]["socket"], "package.file": self.facts["package"],
                              **self._settings}
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, kind, *_):
        lost = kind is not None and issubclass(kind, Exception)
        if lost and self.bench.keep:
            self.kill_all()
        else:
            self._remove()

    def kill_all(self):
        """Kills every process that this site's box is named in or stands in: daemons, consoles, dumps, servers of ours."""
        while True:
            found = processes_of(self.box)
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if self.daemon:
                self.daemon.wait()
            if not found:
                return
            time.sleep(0.01)

    def _remove(self):
        self.kill_all()
        shutil.rmtree(os.fsencode(self.box), onerror=_remove_protected)
        # Where the box's path was too long for a socket, it has a folder of its own.
        folder = os.path.dirname(self.facts["database"]["socket"]) if self.facts else ""
        if os.path.basename(folder).startswith("sandbox-"):
            shutil.rmtree(folder, ignore_errors=True)

    def sql(self, statement, schema="mautic"):
        """The rows, a line each, columns apart by tabs; as the server's root."""
        command, environment = self.database.client_command(schema, "--skip-column-names", "--batch", "--execute", statement)
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace").strip())
        return done.stdout.decode(errors="surrogateescape").splitlines()

    def php(self):
        """The words that PHP is called with for this site."""
        return [shutil.which("php") or "/usr/bin/php", "-d", "pdo_mysql.default_socket=" + self.facts["database"]["socket"]]

    # The daemon

    def launch(self, environment=None, settings=None, options=()):
        """Starts a daemon; does not wait until it answers. self.daemon is its Popen."""
        words = [str(self.bench.daemon), "--root", str(self.root), "--state-dir", str(self.state)]
        for name, value in {**self._settings, **(settings or {})}.items():
            words += ["--set", f"{name}={value}"]
        with open(self.log, "ab") as log:
            self.daemon = subprocess.Popen([*words, *map(str, options)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           env={**os.environ, **self.facts["environment"], **(environment or {})},
                                           start_new_session=True, cwd="/")
        return self.daemon

    def start(self, environment=None, settings=None, options=()):
        """Starts a daemon and waits until it answers. Lost when it ends instead."""
        self.launch(environment, settings, options)
        self.wait_until(lambda: self.answers() or self.gone(), "the daemon answers")
        if self.gone():
            raise Lost(f"the daemon ended at its start with {self.daemon.returncode}: {self.log_end()}")

    def answers(self):
        try:
            self.status()
        except OSError:
            return False
        return True

    def gone(self):
        return self.daemon is None or self.daemon.poll() is not None

    def wait_gone(self, seconds=PATIENCE_S):
        """Waits for the daemon's end; its status as of subprocess: -9 when it was killed."""
        self.wait_until(self.gone, "the daemon ends", seconds)
        return self.daemon.returncode

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()

    def stop(self):
        """SIGTERM, and waits for the end. Lost unless it ends well."""
        self.daemon.terminate()
        if self.wait_gone() != 0:
            raise Lost(f"the daemon ended with {self.daemon.returncode}: {self.log_end()}")

    def log_end(self, lines=5):
        return " | ".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def wait_until(self, condition, words, seconds=PATIENCE_S):
        """Polls until the condition holds; Lost when it does not in time."""
        deadline = time.monotonic() + seconds
        while not (result := condition()):
            if self.bench.stopping.wait(0.02):
                raise Stopped
            if time.monotonic() > deadline:
                raise Lost(f"waited {seconds} s in vain until {words}: {self.log_end()}")
        return result

    # The API and the client

    def api(self, method, path, body=None, timeout=60):
        """The answer's JSON. Refused when the daemon says no, OSError when none answers."""
        connection = _UnixConnection(str(self.socket), timeout)
        try:
            headers = {"Content-Type": "application/json"} if method == "POST" else {}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()
        value = json.loads(text) if text else None
        if answer.status >= 400:
            raise Refused(answer.status, value, f"{method} {path}: {answer.status} {text.decode(errors='replace')[:500]}")
        return value

    def ctl(self, *words, ok=(0,)):
        """The client's `--json` answer. Refused with the exit status when that is not one of `ok`."""
        done = subprocess.run([self.bench.client, "--socket", self.socket, "--json", *map(str, words)],
                              stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True, check=False)
        text = done.stdout.decode(errors="replace")
        value = json.loads(text) if text.strip() else None
        if done.returncode not in ok:
            raise Refused(done.returncode, value, f"{words}: {done.returncode} {done.stderr.decode(errors='replace')[:500]}")
        return value

    def status(self):
        return self.api("GET", "/v1/status")

    def stages(self):
        """{name: stage} as GET /v1/stages tells them."""
        return {stage["name"]: stage for stage in self.api("GET", "/v1/stages")["stages"]}

    def warnings(self):
        """The ids of all warnings of preflight, run now."""
        found = self.api("POST", "/v1/preflight", timeout=PATIENCE_S)
        return [finding["id"] for finding in found["findings"] if finding["severity"] == "warning"]

    def begin(self):
        """Starts the upgrade, its warnings accepted; does not wait. OSError when the daemon dies under it."""
        self.api("POST", "/v1/start", {"accept_warnings": self.warnings()})

    def upgrade(self):
        """Starts the upgrade, its warnings accepted, and waits until it rests; the status then."""
        self.begin()
        return self.rest()

    def reach_mautic_3(self):
        """Remembers the site and takes it to Mautic 3; no daemon is left."""
        self.remember()
        self.start()
        self.upgrade()
        self.expect_state("finished")
        self.stop()

    def resume(self, accept=()):
        """Resumes the upgrade (or the rollback) and waits until it rests; the status then."""
        self.api("POST", "/v1/resume", {"accept_warnings": list(accept)} if accept else None)
        return self.rest()

    def rollback(self, files_only=False):
        """Rolls back and waits until it rests; the status then."""
        self.api("POST", "/v1/rollback", {"files_only": files_only})
        return self.rest()

    def rests(self):
        """Whether the upgrade rests: not at work, nor about to be."""
        try:
            return self.status()["state"] in RESTING
        except OSError:
            return False

    def rest(self, seconds=PATIENCE_S):
        """Waits until the upgrade rests; the status then. Lost when the daemon ends or it takes too long."""
        self.wait_until(lambda: self.gone() or self.rests(), "the upgrade rests", seconds)
        if self.gone():
            raise Lost(f"the daemon ended with {self.daemon.returncode}: {self.log_end()}")
        return self.status()

    def failure(self):
        """(code, reason, message) of the failed upgrade."""
        error = self.status()["error"] or {}
        return error.get("code"), error.get("reason"), error.get("message")

    def expect_state(self, wanted):
        """Lost when the upgrade does not stand there."""
        status = self.status()
        if status["state"] != wanted:
            error = status.get("error") or {}
            raise Lost(f"{status['state']} instead of {wanted}: {error.get('code')} {error.get('reason')} {error.get('message')}")

    # What it is compared by

    def tree(self):
        """The site as the sandbox tells it: what differs from run to run is left out."""
        return ("\n".join(canonical.tree(str(self.box))) + "\n").encode()

    def dump(self):
        return canonical.dump(self.database, "mautic", self.facts["prefix"])

    def picture(self):
        """Everything: tree with contents, modes, owners, links and times; the database with all its values."""
        return exact_tree(self.root) + exact_tree(self.box / "outside-files"), canonical.dump(self.database, "mautic", None)

    def remember(self):
        """Takes the picture that check_rolled_back() compares with; before `start`."""
        self.before = self.picture()

    def check_log(self):
        found = SANITIZER.search(self.log.read_bytes())
        if found:
            raise Lost(f"the daemon's log tells of: {self.log_end(20)}")

    def check_finished(self, reference=None):
        """Lost unless the upgrade is finished and tree and database are those of an undisturbed run. Stops the daemon."""
        reference = reference or self.bench.reference()
        self.expect_state("finished")
        self.stop()
        self.check_log()
        compare("the tree", reference.tree, self.tree())
        compare("the database", reference.dump, self.dump())

    def check_rolled_back(self):
        """Lost unless it is rolled back and tree and database are those remembered. Stops the daemon."""
        self.expect_state("rolled_back")
        self.stop()
        self.check_log()
        tree, dump = self.picture()
        compare("the tree", self.before[0], tree)
        compare("the database", self.before[1], dump)


def _remove_protected(function, path, error):
    """A folder without the right to write in it (for whom is not root), or one that a dying process still wrote into."""
    if isinstance(error[1], FileNotFoundError):
        return
    for folder in (os.path.dirname(path), path):
        if not os.path.islink(folder):
            os.chmod(folder, 0o700)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        function(path)


def processes_of(folder):
    """Every process with this folder in its arguments, environment or working directory, but our own."""
    name = os.fsencode(folder)
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read()
            with open(f"/proc/{entry}/environ", "rb") as file:
                words += file.read()
            words += b"\0" + os.fsencode(os.readlink(f"/proc/{entry}/cwd")) + b"\0"
        except OSError:
            continue
        if name + b"/" in words or name + b"\0" in words:
            found.append(int(entry))
    return found


def compare(what, wanted, found):
    """Lost with the first lines of the difference."""
    if wanted == found:
        return
    lines = difflib.unified_diff(wanted.decode(errors="replace").splitlines(), found.decode(errors="replace").splitlines(),
                                 "wanted", "found", lineterm="", n=0)
    shown = [line[:300] for line in itertools.islice(lines, 2, 2 + DIFFERENCE_LINES)]
    raise Lost(f"{what} is another:\n" + "\n".join(shown))


def exact_tree(root):
    """A line for each entry: path, type, mode, owner, links, time, and target or hash of the content."""
    lines = []
    first = {}

    def visit(path, relative):
        status = os.lstat(path)
        line = (f"{canonical.show(relative) or '.'} {stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid}"
                f" {status.st_mtime_ns}")
        if stat.S_ISLNK(status.st_mode):
            line += f" -> {canonical.show(os.readlink(path))}"
        elif stat.S_ISREG(status.st_mode):
            line += f" {status.st_nlink} {status.st_size} {canonical.digest(path)}"
            if status.st_nlink > 1:
                line += f" same file as {first.setdefault(status.st_ino, canonical.show(relative))}"
        lines.append(line)
        if stat.S_ISDIR(status.st_mode):
            for name in sorted(os.listdir(path)):
                visit(os.path.join(path, name), os.path.join(relative, name))

    if os.path.lexists(root):
        visit(os.fsencode(root), b"")
    return ("\n".join(lines) + "\n").encode()
