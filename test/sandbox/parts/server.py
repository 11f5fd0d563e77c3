# SPDX-License-Identifier: GPL-3.0-or-later
"""A private MariaDB: its own data directory and Unix socket, no network, no configuration of the system's."""

import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SUN_PATH_LIMIT = 107
START_LIMIT_S = 120
STOP_LIMIT_S = 120


class ServerError(Exception):
    pass


def find_program(*names):
    path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin"
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise ServerError(f"{names[0]} is not installed (Debian: mariadb-server)")


def user_arguments():
    return ["--user=root"] if os.geteuid() == 0 else []


class Server:
    def __init__(self, folder):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self.pid_file = os.path.join(folder, "mariadbd.pid")
        self.log = os.path.join(folder, "error.log")
        self.socket_note = os.path.join(folder, "socket")

    @property
    def socket(self):
        """Where the socket is: in the folder, or, where that path is too long for one, in a folder of its own."""
        try:
            with open(self.socket_note, encoding="utf-8", errors="surrogateescape") as note:
                return note.read()
        except FileNotFoundError:
            pass
        path = os.path.join(self.folder, "mariadb.sock")
        if len(os.fsencode(path)) > SUN_PATH_LIMIT:
            path = os.path.join(tempfile.mkdtemp(prefix="sandbox-", dir="/tmp"), "mariadb.sock")
        with open(self.socket_note, "w", encoding="utf-8", errors="surrogateescape") as note:
            note.write(path)
        return path

    def install(self):
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        command = [
            find_program("mariadb-install-db", "mysql_install_db"), "--no-defaults", f"--datadir={self.data}",
            "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
            f"--tmpdir={self.folder}", "--innodb-log-file-size=8M", *user_arguments(),
        ]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise ServerError("mariadb-install-db failed:\n" + done.stdout.decode(errors="replace"))

    def pid(self):
        """The server's process, or None. A number that meanwhile belongs to another process does not count."""
        try:
            with open(self.pid_file, encoding="ascii") as file:
                pid = int(file.read())
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                arguments = file.read().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if b"--datadir=" + os.fsencode(self.data) in arguments else None

    def start(self):
        if self.pid():
            return
        # A starting server removes every "#sql" table of its temporary folder, another's in /tmp too.
        temporary = os.path.join(self.folder, "tmp")
        os.makedirs(temporary, mode=0o700, exist_ok=True)
        command = [
            find_program("mariadbd", "mysqld"), "--no-defaults", f"--datadir={self.data}", f"--socket={self.socket}",
            f"--tmpdir={temporary}",
            f"--pid-file={self.pid_file}", f"--log-error={self.log}", "--skip-networking", "--skip-name-resolve",
            "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=2",
            "--performance-schema=OFF", "--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_ci",
            "--max-allowed-packet=64M", "--max-connections=40", *user_arguments(),
        ]
        # No descriptor of ours, no terminal, a session of its own: it must outlive the caller and hold nothing open.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, close_fds=True, cwd="/")
        deadline = time.monotonic() + START_LIMIT_S
        while not self.answers():
            if process.poll() is not None:
                raise ServerError(f"mariadbd ended with status {process.returncode}:\n{self.last_log()}")
            if time.monotonic() > deadline:
                process.kill()
                raise ServerError(f"mariadbd does not answer:\n{self.last_log()}")
            time.sleep(0.02)
        # The server itself writes its number a little later than it answers.
        with open(self.pid_file, "w", encoding="ascii") as file:
            file.write(f"{process.pid}\n")
        process.returncode = 0  # it stays: the interpreter need not warn about it

    def answers(self):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5)
            try:
                probe.connect(self.socket)
                # The greeting comes when the server is ready to serve.
                return bool(probe.recv(5))
            except OSError:
                return False

    def last_log(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return "".join(file.readlines()[-20:])
        except FileNotFoundError:
            return ""

    def stop(self, how=signal.SIGTERM):
        pid = self.pid()
        if not pid:
            return
        handle = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(handle, how)
            if not select.select([handle], [], [], STOP_LIMIT_S)[0]:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                select.select([handle], [], [])
        finally:
            os.close(handle)
        for path in (self.pid_file, self.socket):
            if os.path.lexists(path):
                os.unlink(path)

    def remove_socket_folder(self):
        folder = os.path.dirname(self.socket)
        if folder != self.folder:
            shutil.rmtree(folder, ignore_errors=True)

    def client_command(self, *arguments, user="root", password=None):
        """The client's arguments and environment: the password goes through the latter, seen by nobody."""
        environment = {name: value for name, value in os.environ.items() if name != "MYSQL_PWD"}
        if password is not None:
            environment["MYSQL_PWD"] = password
        command = [
            find_program("mariadb", "mysql"), "--no-defaults", f"--socket={self.socket}", f"--user={user}",
            "--default-character-set=utf8mb4", *arguments,
        ]
        return command, environment

    def run_script(self, script, *arguments, **credentials):
        command, environment = self.client_command(*arguments, **credentials)
        done = subprocess.run(command, input=script.encode(), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise ServerError(done.stderr.decode(errors="replace").strip())
