# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian with the programs in it, booted by systemd-nspawn: its own systemd, processes and network."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from debian_packages import built_packages, grammar_of, newer
from debian_root import Unavailable, copy_root, find, in_root, kept_root, run

TOP = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = (
    "systemd", "systemd-sysv", "mariadb-server-core", "mariadb-client", "php-cli", "php-mbstring", "php-mysql", "php-xml",
    "php-zip", "php-symfony-console", "php-doctrine-dbal", "procps", "python3")
PATIENCE_S = 120
REBOOT_STATUS = 133  # of systemd-nspawn --keep-unit: who started it shall do so again
SANDBOX = "/opt/sandbox/sandbox"


class Failed(Exception):
    """What was wanted has not come; the words say what."""


def until(condition, words, seconds=PATIENCE_S):
    """The condition's result as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"waited in vain until {words}")
        time.sleep(0.05)
    return result


def libraries(build):
    """The packages of the libraries that the programs are linked with."""
    paths = set()
    for program in ("daemon/mautic-upgraded", "client/mautic-upgradectl"):
        for line in run("ldd", build / program).splitlines():
            words = line.split()
            if len(words) > 2 and words[2].startswith("/"):
                # dpkg knows a file by the name that it was installed under, with /usr or without.
                for path in (words[2], os.path.realpath(words[2])):
                    paths |= {path, path.removeprefix("/usr"), "/usr" + path.removeprefix("/usr")}
    done = subprocess.run(["dpkg", "-S", *sorted(paths)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return {line.split(":")[0] for line in done.stdout.splitlines()}


class Container:
    def __init__(self, build, comment):
        if os.geteuid() != 0:
            raise Unavailable("only root can boot a container")
        if not find("systemd-nspawn"):
            raise Unavailable("systemd-nspawn is not installed")
        if not (build / "packaging/systemd/mautic-upgraded.catalog").exists():
            raise Unavailable("built without libsystemd")
        self.build = build
        self.comment = comment
        self.packages, self.newer = {}, None  # by their names; the programs' own with a higher version
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="systemd-", dir="/var/tmp"))
        self.root = self.folder / "root"
        self.nspawn = self.leader = None

    def __enter__(self):
        try:
            self._prepare()
            self._boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.nspawn and self.nspawn.poll() is None:
            self.nspawn.send_signal(signal.SIGKILL)  # the payload dies with it
            self.nspawn.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _prepare(self):
        copy_root(kept_root(sorted({*PACKAGES, *libraries(self.build)})), self.root)
        try:
            self.packages = built_packages(grammar_of(self.build))
        except Unavailable as why:
            self.comment(f"what meson installs is tried, for there are no packages: {why}")
            run("meson", "install", "-C", self.build, "--no-rebuild", "--destdir", self.root)
            in_root(self.root, "ldconfig")
            in_root(self.root, "systemd-sysusers")
            in_root(self.root, "journalctl", "--update-catalog")
        else:
            self.newer = newer(self.packages["mautic-upgraded"], self.folder)
            for package in (self.packages["mautic-upgraded"], self.newer):
                shutil.copy(package, self.root / "opt")
            in_root(self.root, "dpkg", "--install", "/opt/" + self.packages["mautic-upgraded"].name)
        (self.root / "usr/sbin/policy-rc.d").unlink()  # what is restarted from now on is the system's own
        shutil.copytree(TOP / "test/sandbox", self.root / "opt/sandbox", ignore=shutil.ignore_patterns("__pycache__"))

    def _boot(self):
        words = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--private-network",
                 "--console=read-only", "--machine", "upgrade-test", "--directory", self.root]
        with open(self.folder / "console", "wb") as console:
            self.nspawn = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=console,
                                           stderr=console, start_new_session=True)
        try:
            until(self._is_up, "the system is up")
        except Failed as failure:
            said = (self.folder / "console").read_text(encoding="utf-8", errors="replace")
            raise Unavailable(f"systemd-nspawn does not boot here: {' '.join(said.split())[-300:] or failure}") from failure

    def _payload(self):
        if self.nspawn.poll() is not None:
            raise Failed(f"systemd-nspawn ended with {self.nspawn.returncode}")
        children = subprocess.run(["pgrep", "-P", str(self.nspawn.pid), "systemd|init"], stdout=subprocess.PIPE, text=True, check=False)
        return children.stdout.split()

    def _is_up(self):
        found = self._payload()
        if len(found) != 1:
            return False
        self.leader = found[0]
        return self.call("systemctl", "is-system-running", check=False).strip() in ("running", "degraded")

    def reboot(self):
        self.call("systemctl", "reboot")
        until(lambda: self.nspawn.poll() is not None, "the system is down")
        if self.nspawn.returncode != REBOOT_STATUS:
            raise Failed(f"systemd-nspawn ended with {self.nspawn.returncode}")
        self._boot()

    def call(self, *words, check=True, user=None, status=None):
        """What a command in the container says. With status: whether it ended so, beside that."""
        as_user = ["runuser", "-u", user, "--"] if user else []
        done = subprocess.run(["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-C", "--", "env", "-i",
                               "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "SYSTEMD_PAGER=",
                               *as_user, *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        said = done.stdout.decode(errors="replace")
        if (status is not None and done.returncode != status) or (status is None and check and done.returncode):
            raise Failed(f"{' '.join(words)} ended with {done.returncode}: {said[-1500:]}")
        return said

    def path(self, inside):
        return self.root / inside.lstrip("/")

    def write(self, inside, text, mode=0o644):
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
