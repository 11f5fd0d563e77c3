# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox site with a daemon, for benchmarks."""

import datetime
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from bench import TOP

SANDBOX = TOP / "test/sandbox/sandbox"
PATIENCE_S = 3600
RESTING = ("finished", "failed", "interrupted", "rolled_back")


def milliseconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000 if text else None


class Site:
    """A site in a new folder; `with` takes both away again."""

    def __init__(self, folder, *create):
        self.box = pathlib.Path(folder)
        subprocess.run([SANDBOX, "create", self.box, *map(str, create)], check=True, stdout=subprocess.DEVNULL)
        self.settings = json.loads((self.box / "sandbox.json").read_text(encoding="utf-8"))
        self.root = pathlib.Path(self.settings["site"])
        self.environment = {**os.environ, **self.settings["environment"]}
        self.state = self.box / "state"
        self.state.mkdir(mode=0o700)
        self.socket = self.state / "daemon.sock"
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.kill()
        subprocess.run([SANDBOX, "destroy", self.box], check=False, stdout=subprocess.DEVNULL)

    def start(self, build, *settings, wrapper=(), environment=None):
        """Starts the daemon; returns when it answers. wrapper: a program in front of it, with its arguments."""
        command = [*wrapper, build / "daemon/mautic-upgraded", "--root", self.root, "--state-dir", self.state,
                   "--set", f"database.socket={self.settings['database']['socket']}",
                   "--set", f"package.file={self.settings['package']}", "--set", "smoke.request=no"]
        for setting in settings:
            command += ["--set", setting]
        with open(self.box / "daemon.log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**self.environment, **(environment or {})})
        self.wait(self.answers)

    def kill(self):
        if self.process:
            self.stop(signal.SIGKILL)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait()
        self.process = None

    def wait(self, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the daemon does not answer: {(self.box / 'daemon.log').read_text()[-2000:]}")
            time.sleep(0.02)

    def answers(self):
        try:
            return bool(self.ask("GET", "/v1/status"))
        except OSError:
            return False

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("localhost", timeout=PATIENCE_S)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE_S)
        try:
            connection.sock.connect(str(self.socket))
            connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def begin(self):
        """Starts the upgrade with every warning of preflight accepted."""
        findings = self.ask("POST", "/v1/preflight")["findings"]
        warnings = [finding["id"] for finding in findings if finding["severity"] == "warning"]
        self.ask("POST", "/v1/start", {"accept_warnings": warnings})

    def rests(self):
        return self.ask("GET", "/v1/status")["state"] in RESTING

    def upgrade(self):
        """A whole upgrade; returns the status at its end."""
        self.begin()
        self.wait(self.rests)
        status = self.ask("GET", "/v1/status")
        if status["state"] != "finished":
            raise SystemExit(f"the upgrade is {status['state']}: {status['error']}")
        return status

    def events(self):
        found, after = [], 0
        while more := self.ask("GET", f"/v1/events?after={after}&limit=1000")["events"]:
            found += more
            after = more[-1]["sequence"]
        return found

    @staticmethod
    def when(event):
        return milliseconds(event["time"])

    def moment(self, words):
        """When the first event with these words happened, in milliseconds since 1970."""
        return next(milliseconds(event["time"]) for event in self.events() if words in event["text"])
