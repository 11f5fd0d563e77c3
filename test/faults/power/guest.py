# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs in the machine whose power is cut, as its first process. The kernel's command line says what is to be done:

  power.do=prepare   make a sandbox on the disk
  power.do=upgrade   start the daemon; begin the upgrade unless it was begun; wait until it rests
  power.do=rollback  the same, with the way back behind it
  power.type, power.engine, power.patience: the disk's file system, migrations.engine, seconds until it gives up

One line of JSON a fact goes to the second serial line. Whatever happens, the machine is switched off at the end."""

import base64
import json
import os
import subprocess
import sys
import time
import traceback
import tty
import zlib

HERE = "/mnt"
DISK = "/srv"
BOX = DISK + "/box"
SANDBOX = HERE + "/sandbox/sandbox"
CLIENT = [HERE + "/mautic-upgradectl", "--socket", BOX + "/state/daemon.sock"]
RESTING = ("finished", "failed", "interrupted", "rolled_back", "rollback_failed", "rollback_interrupted", "idle")


def tell(**facts):
    os.write(REPORT, json.dumps(facts).encode() + b"\n")


def packed(data):
    return base64.b64encode(zlib.compress(data)).decode()


def run(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError(f"{words}: {done.returncode} {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout


def ctl(*words):
    """The client's answer; its exit status tells of the site's state as well, not only of its own success."""
    done = subprocess.run([*CLIENT, "--json", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    if not done.stdout.strip():
        raise RuntimeError(f"{words}: {done.returncode} {done.stderr.decode(errors='replace')[-2000:]}")
    return json.loads(done.stdout)


def picture():
    return {"tree": packed(run(SANDBOX, "hash", BOX)), "dump": packed(run(SANDBOX, "dump", BOX))}


def prepare():
    run(SANDBOX, "create", BOX, "--files", "20", "--rows", "20")
    os.mkdir(BOX + "/state", 0o700)
    tell(end="prepared", **picture())
    run(SANDBOX, "stop", BOX)


def start_database():
    # The machine's number of a process may be that of a server before the cut.
    for name in ("mariadbd.pid", "mariadb.sock"):
        path = f"{BOX}/database/{name}"
        if os.path.lexists(path):
            os.unlink(path)
    run(SANDBOX, "start", BOX)
    # The sandbox's own way is faster than safe; a power cut is what it is not made for.
    run(SANDBOX, "mysql", BOX, "-e", "SET GLOBAL innodb_flush_log_at_trx_commit = 1")


def start_daemon():
    facts = json.load(open(BOX + "/sandbox.json", encoding="utf-8"))
    settings = {"database.socket": facts["database"]["socket"], "package.file": facts["package"], "smoke.request": "no",
                "gate.settle": "0", "migrations.engine": WORDS["power.engine"]}
    words = [HERE + "/mautic-upgraded", "--root", facts["site"], "--state-dir", BOX + "/state"]
    for name, value in settings.items():
        words += ["--set", f"{name}={value}"]
    log = open("/tmp/daemon.log", "wb")
    daemon = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **facts["environment"]},
                              cwd="/", start_new_session=True)
    wait_until(lambda: answers() or daemon.poll() is not None, "the daemon answers")
    if daemon.poll() is not None:
        raise RuntimeError(f"the daemon ended with {daemon.returncode}")
    return daemon


def answers():
    return subprocess.run([*CLIENT, "status"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode != 4


def wait_until(condition, words):
    deadline = time.monotonic() + int(WORDS["power.patience"])
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited in vain until {words}")
        time.sleep(0.05)


def rest():
    status = {}

    def rests():
        nonlocal status
        now = ctl("status")
        if (now["state"], now.get("stage")) != (status.get("state"), status.get("stage")):
            tell(state=now["state"], stage=now.get("stage"))
        status = now
        return now["state"] in RESTING

    wait_until(rests, "the upgrade rests")
    return status


def begin():
    found = ctl("preflight", "--run")
    ctl("start", "--accept", ",".join(each["id"] for each in found["findings"] if each["severity"] == "warning"))


def drive(goal):
    """Starts what the goal needs, and tells how it ended, with what the site is then."""
    start_database()
    daemon = start_daemon()
    status = rest()
    if status["state"] == "idle":
        begin()
        status = rest()
    if goal == "rolled_back" and status["state"] in ("finished", "failed"):
        ctl("rollback", "--yes")
        status = rest()
    daemon.terminate()
    daemon.wait()
    tell(end=status["state"], error=status.get("error"), **picture())
    run(SANDBOX, "stop", BOX)


def switch_off():
    subprocess.run(["umount", DISK], check=False)
    with open("/proc/sysrq-trigger", "w", encoding="ascii") as file:
        file.write("o")
    while True:
        time.sleep(1)


def main():
    run("mount", "-t", WORDS["power.type"], "/dev/vdc", DISK)
    what = WORDS["power.do"]
    if what == "prepare":
        prepare()
    else:
        drive({"upgrade": "finished", "rollback": "rolled_back"}[what])


WORDS = dict(word.split("=", 1) for word in open("/proc/cmdline", encoding="ascii").read().split() if "=" in word)
REPORT = os.open("/dev/ttyS1", os.O_WRONLY | os.O_NOCTTY)
tty.setraw(REPORT)
try:
    main()
except BaseException:  # pylint: disable=broad-except  (nobody else would tell)
    log = subprocess.run(["tail", "-n", "20", "/tmp/daemon.log"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    tell(end="broken", error=traceback.format_exc() + log.decode(errors="replace"))
sys.stdout.flush()
switch_off()
