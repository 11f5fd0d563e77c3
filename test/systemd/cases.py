# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to the site under systemd, in this order."""

import difflib
import json
import shlex
import time

from container import SANDBOX, TOP, Failed, until
from debian_root import Unavailable

USER = "keeper"
BOX = "/srv/shop/box"
REFERENCE = "/srv/shop/reference"
SERVICE = "mautic-upgraded@shop.service"
SOCKET = "mautic-upgraded@shop.socket"
SOCKET_PATH = "/run/mautic-upgraded/shop.sock"
RESTING = ("finished", "failed", "interrupted", "rolled_back", "rollback_failed", "rollback_interrupted", "idle")
MOST_EXPOSED = 20  # tenths, of systemd-analyze security
# A migration of Mautic 3.0 that is stopped between its two statements.
TORN = ("doctrine:migrations:execute", "--argument", "20191126093923", "--at", "statement", "--statement", "1", "--times", "1")

DATABASE_UNIT = f"""[Unit]
Description=The sandbox's database
[Service]
Type=oneshot
RemainAfterExit=yes
User={USER}
ExecStart={SANDBOX} start {BOX}
ExecStop={SANDBOX} stop {BOX}
[Install]
WantedBy=multi-user.target
"""


class Site:
    """The sandbox site in the container, its units, its client."""

    def __init__(self, container, comment):
        self.container = container
        self.comment = comment
        self.call = container.call
        self.facts = None
        self.before = self.reference = None  # pictures: of the site before it was touched, of an upgrade without systemd

    def picture(self, box=BOX):
        return {"tree": self.sandbox("hash", box), "database": self.sandbox("dump", box)}

    def sandbox(self, *words):
        return self.call(SANDBOX, *words, user=USER)

    def drop_in(self, name, text):
        self.container.write(f"/etc/systemd/system/{SERVICE}.d/{name}.conf", text)
        self.call("systemctl", "daemon-reload")

    def needs_packages(self):
        if not self.container.packages:
            raise Unavailable("the packages could not be built here")

    # The unit

    def show(self, name, unit=SERVICE):
        return self.call("systemctl", "show", "--value", "-p", name, unit).strip()

    def is_in(self, *states):
        return self.show("ActiveState") in states

    def restarts(self):
        return int(self.show("NRestarts"))

    def main_process(self):
        return until(lambda: int(self.show("MainPID")), "the daemon runs")

    def kill(self, number):
        """That signal to the main process, which is told."""
        process = self.main_process()
        self.call("kill", f"-{number}", str(process))
        return process

    # The upgrade

    def ctl(self, *words, to=("--site", "shop"), user=None, status=None):
        return self.call("mautic-upgradectl", *to, *words, user=user, status=status, check=False)

    def answer(self, *words, **options):
        said = self.ctl("--json", *words, **options)
        try:
            return json.loads(said)
        except ValueError as error:
            raise Failed(f"mautic-upgradectl {' '.join(words)}: {said[-1000:]}") from error

    def state(self):
        return self.answer("status")["state"]

    def rest(self, wanted):
        status = until(lambda: (now := self.answer("status"))["state"] in RESTING and now, "the upgrade rests")
        if status["state"] != wanted:
            raise Failed(f"the upgrade is {status['state']} and not {wanted}: {status.get('error')}")
        return status

    def start(self, *to, wait=False):
        options = {"to": to} if to else {}
        found = self.answer("preflight", "--run", **options)
        warnings = [each["id"] for each in found["findings"] if each["severity"] == "warning"]
        accept = ["--accept", ",".join(warnings)] if warnings else []
        self.ctl("start", *accept, *(["--wait"] if wait else []), status=0, **options)

    def hold(self, *command):
        """The console that comes next to this command waits."""
        for name in ("console-waits", "console-goes-on"):
            self.container.path(f"{BOX}/{name}").unlink(missing_ok=True)
        self.sandbox("fault", BOX, *command, "--wait")

    def held(self):
        """The console that waits, as the container numbers it."""
        path = self.container.path(f"{BOX}/console-waits")
        return until(lambda: path.exists() and path.read_text(encoding="ascii").strip(), "the console waits")

    def let_go(self):
        self.call("touch", f"{BOX}/console-goes-on", user=USER)

    def lives(self, process):
        return self.container.call("kill", "-0", process, check=False) == ""

    def compare(self, wanted, words):
        for name, now in self.picture().items():
            lines = difflib.unified_diff(wanted[name].splitlines(), now.splitlines(), lineterm="", n=0)
            difference = "\n".join(list(lines)[:20])
            expect(not difference, f"the {name} is not {words}:\n{difference}")

    # What was told

    def journal(self, *words):
        return self.call("journalctl", "--no-pager", *words, check=False)

    def history(self):
        return self.call("systemctl", "status", "--no-pager", "--lines=0", SERVICE, SOCKET, check=False) + \
            self.journal("-u", SERVICE, "-n", "40", "-o", "short-monotonic")


def same_words(text):
    """Without the breaks of lines, nor the margin that journalctl -x sets them off by."""
    return " ".join(text.replace("░░", " ").split())


def as_shown(site, command):
    """The words of a command of the README, for this site in place of its example's."""
    expect(f"`{command}`" in (TOP / "README.md").read_text(encoding="utf-8"), f"the README does not show {command}")
    return shlex.split(command.replace("/var/www/mautic", site.facts["site"]).replace("@crm", "@shop").replace(" crm ", " shop "))


def expect(condition, words):
    if not condition:
        raise Failed(words)


def an_upgrade_to_compare_with(site):
    """an upgrade outside of any unit's walls, to compare with"""
    site.call("useradd", "--create-home", "--home-dir", "/srv/shop", USER)
    site.sandbox("create", REFERENCE, "--files", "20", "--rows", "20")
    facts = json.loads(site.container.path(REFERENCE + "/sandbox.json").read_text(encoding="utf-8"))
    state = REFERENCE + "-state"
    environment = [f"--setenv={name}={value}" for name, value in facts["environment"].items()]
    site.call("systemd-run", "--quiet", f"--uid={USER}", f"--gid={USER}", "--unit=reference", *environment,
              "mautic-upgraded", "--root", facts["site"], "--state-dir", state, *assignments(facts))
    until(lambda: site.container.path(state + "/daemon.sock").exists(), "the daemon listens")
    site.start("--socket", state + "/daemon.sock", wait=True)
    site.reference = site.picture(REFERENCE)
    site.call("systemctl", "stop", "reference")
    site.sandbox("destroy", REFERENCE)


def assignments(facts, **more):
    settings = {"package.file": facts["package"], "database.socket": facts["database"]["socket"], "smoke.request": "no",
                "gate.settle": "0", **more}
    return [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]


def a_site_is_set_up(site):
    """sites add: a site of a user's own, with a database that systemd starts"""
    site.call("useradd", "--no-create-home", "visitor")
    site.call("useradd", "--no-create-home", "--groups", "mautic-upgraded", "helper")
    site.sandbox("create", BOX, "--files", "20", "--rows", "20", "--no-start")
    site.facts = json.loads(site.container.path(BOX + "/sandbox.json").read_text(encoding="utf-8"))
    site.container.write("/etc/systemd/system/mariadb.service", DATABASE_UNIT)
    site.call("systemctl", "enable", "--now", "mariadb.service")
    environment = "".join(f'{name}="{value}"\n' for name, value in site.facts["environment"].items())
    site.container.write("/etc/mautic-upgraded/shop.env", environment, 0o600)
    site.before = site.picture()
    settings = assignments(site.facts, **{"daemon.group": "mautic-upgraded", "daemon.idle": "1"})
    site.call(*as_shown(site, "mautic-upgradectl sites add crm --root /var/www/mautic"), *settings)
    expect(site.show("ActiveState", SOCKET) == "active", "sites add has not started the socket")
    expect(site.show("UnitFileState") == "enabled", "sites add has not enabled the service")


def units_are_right(site):
    """systemd finds no fault in the units, and no exposure above 2.0"""
    said = site.call("systemd-analyze", "verify", "--man=no", SERVICE, SOCKET)
    expect("mautic-upgraded" not in said, said)
    said = site.call("systemd-analyze", "security", "--no-pager", f"--threshold={MOST_EXPOSED}", SERVICE)
    site.comment(said.strip().splitlines()[-1])


def the_socket_starts_it(site):
    """status works when the daemon rests: the socket starts it, for those who may"""
    expect(site.is_in("inactive"), "the daemon runs before anybody has asked")
    site.ctl("status", user="visitor", status=4)
    expect(site.is_in("inactive"), "who may not ask has started it")
    site.ctl("status", user=USER, status=0)
    expect(site.show("StatusText") == "idle", site.show("StatusText"))
    site.ctl("status", user="helper", status=0)
    site.ctl("cancel", user=USER, status=5)
    expect(site.state() == "idle", "root is not answered")


def it_ends_when_idle(site):
    """a daemon that nobody asks ends, and the next question starts another"""
    first = site.main_process()
    until(lambda: site.is_in("inactive"), "the idle daemon has ended")
    expect(site.show("Result") == "success", site.show("Result"))
    expect(site.state() == "idle", "the next daemon does not answer")
    expect(site.main_process() != first, "it never ended")
    configuration = site.container.path("/etc/mautic-upgraded/shop.conf")
    configuration.write_text(configuration.read_text(encoding="utf-8").replace("idle = 1\n", "idle = 600\n"), encoding="utf-8")
    site.call("systemctl", "restart", SERVICE)


def given_up_and_brought_back(site):
    """after too many starts systemd gives up; what the README and the client say of it brings it back"""
    def killed_until_given_up():
        process = site.show("MainPID")
        if process != "0":
            site.call("kill", "-KILL", process, check=False)
        return site.is_in("failed")

    site.drop_in("limit", "[Unit]\nStartLimitBurst=1\n")
    site.state()
    until(killed_until_given_up, "systemd has given it up")
    said = site.ctl("status", status=4)
    expect("systemctl reset-failed 'mautic-upgraded@shop.*'" in said, f"the client does not say what to do: {said}")
    site.container.path(f"/etc/systemd/system/{SERVICE}.d/limit.conf").unlink()
    site.call("systemctl", "daemon-reload")
    site.call(*as_shown(site, "systemctl reset-failed 'mautic-upgraded@crm.*'"))
    site.call("systemctl", "start", SOCKET)
    expect(site.state() == "idle", "it does not answer")


def killed_and_started_again(site):
    """kill -9 in the middle: systemd starts it again, the upgrade goes on to its end"""
    site.start()
    until(lambda: site.answer("status").get("stage") not in (None, "preflight"), "it is in the middle")
    until(lambda: site.show("StatusText").startswith("running: "), "systemd knows of the stage")
    first = site.kill("KILL")
    until(lambda: site.restarts() == 1 and site.is_in("active"), "systemd has started it again")
    expect(site.main_process() != first, "it is the same process")
    site.rest("finished")
    expect(site.show("StatusText") == "finished", site.show("StatusText"))
    site.compare(site.reference, "that of an upgrade outside of the unit")
    state = site.container.path("/var/lib/mautic-upgraded/shop").stat()
    expect(state.st_mode & 0o777 == 0o700, f"the state folder has mode {state.st_mode:o}")


def the_journal_explains(site):
    """journalctl -x has words for start, resume and end, and finds them by the upgrade"""
    uuid = site.answer("status")["uuid"]
    said = site.journal("-x", f"UPGRADE={uuid}", "STAGE=extract_package")
    expect("Extract" in said, f"no stage by its name: {said[-500:]}")
    said = same_words(site.journal("-x", f"UPGRADE={uuid}"))
    for words in ("The upgrade to Mautic 3 has begun", "The upgrade to Mautic 3 was interrupted",
                  "The upgrade to Mautic 3 goes on", "The upgrade to Mautic 3 is finished",
                  "Cron jobs that call app/console must call bin/console now"):
        expect(words in said, f"journalctl -x does not say '{words}': {said[-2000:]}")
    said = same_words(site.call(*as_shown(site, "journalctl -x -u mautic-upgraded@crm")))
    expect("The upgrade to Mautic 3 is finished" in said, f"not in the journal of the unit: {said[-2000:]}")


def the_way_back(site):
    """rollback inside the sandboxed unit"""
    site.ctl("rollback", "--yes", status=0)
    site.rest("rolled_back")
    site.compare(site.before, "as it was before")


def the_watchdog_finds_it(site):
    """a loop that stands still is ended by the watchdog; the migration outlives it and is waited for"""
    # The consoles' faults are beside the site.
    site.drop_in("faults", f"[Service]\nReadWritePaths={BOX}\nWatchdogSec=5s\nTimeoutStopSec=2s\nTimeoutStartSec=3s\n")
    site.call("systemctl", "restart", SERVICE)
    site.hold(*TORN)
    site.start()
    console = site.held()
    before = site.restarts()
    site.kill("STOP")
    until(lambda: site.restarts() == before + 1, "the watchdog has ended it")
    expect("Watchdog timeout" in site.journal("-u", SERVICE), "it was not the watchdog")
    until(lambda: site.show("StatusText") == "waiting for another process to let go", "the next one waits for the console")
    expect(site.lives(console), "the console was ended with the daemon")
    # Longer than TimeoutStartSec allows by itself.
    began = time.monotonic()
    until(lambda: time.monotonic() - began > 5, "the time for a start is over")
    expect(site.is_in("activating") and site.restarts() == before + 1, "the start was not given time")


def a_failure_is_explained(site):
    """the failed stage is in the journal under its code, and journalctl -x says what to do"""
    site.sandbox("fault", BOX, "cache:clear", "--fail", "1", "--times", "1")
    site.let_go()
    status = site.rest("failed")
    code = "ERR_BUILD_M3_CACHE"
    expect(status["error"]["code"] == code, status)
    until(lambda: site.show("StatusText") == f"failed: build_cache, {code}", "systemd knows of it")
    said = same_words(site.journal("-x", f"ERROR_CODE={code}"))
    expect(f"stopped with {code}" in said and "A plugin that Mautic 3 can't load" in said, said[-2000:])


def a_reboot_in_the_middle(site):
    """a reboot in the middle: stopped at a safe point, it goes on by itself with the next boot"""
    site.hold("cache:clear", "--times", "1")
    site.ctl("resume", status=0)
    site.held()
    site.container.reboot()
    expect(site.is_in("active", "activating"), "it does not run after the reboot")
    site.rest("finished")
    expect(site.restarts() == 0, "it has failed since the boot")
    said = site.journal("-b", "-1", "-u", SERVICE)
    expect("interrupted, for the daemon stops" in said, f"it was not stopped in order: {said[-2000:]}")
    expect("Failed with result" not in said.splitlines()[-1], said[-1000:])


def a_stop_waits_for_what_cant_be_left(site):
    """a stop waits for a migration, longer than TimeoutStopSec by itself allows; status goes on"""
    site.ctl("rollback", "--yes", status=0)
    site.rest("rolled_back")
    site.hold(*TORN)
    site.start()
    console = site.held()
    site.call("systemctl", "stop", "--no-block", SERVICE)
    until(lambda: site.is_in("deactivating") and site.show("StatusText").startswith("stopping; running"), "it stops")
    began = time.monotonic()
    until(lambda: time.monotonic() - began > 4, "TimeoutStopSec is over")
    expect(site.is_in("deactivating") and site.lives(console), "the stop did not wait for the console")
    site.let_go()
    until(lambda: site.is_in("inactive", "failed"), "it has stopped")
    expect(site.show("Result") == "success", site.show("Result"))
    # Whoever asks starts the next one, which goes on.
    expect(site.state() in ("running", "finished"), "it does not go on")
    site.rest("finished")
    site.compare(site.reference, "that of an upgrade that nobody stopped")


def install(site, package):
    return site.call("dpkg", "--install", f"/opt/{package.name}")


def the_package_is_upgraded(site):
    """an upgrade of the package leaves the daemon that is at work alone, and renews it when it rests"""
    site.needs_packages()
    site.ctl("rollback", "--yes", status=0)
    site.rest("rolled_back")
    site.hold(*TORN)
    site.start()
    console = site.held()
    first = site.main_process()
    said = install(site, site.container.newer)
    expect("shop is at work" in said, said)
    expect(site.main_process() == first and site.lives(console) and site.state() == "running", "the upgrade of the site was disturbed")
    site.let_go()
    site.rest("finished")
    site.compare(site.reference, "that of an upgrade that nobody disturbed")
    install(site, site.container.newer)
    until(lambda: site.is_in("active") and site.main_process() != first, "the daemon that rests is renewed")
    expect(site.state() == "finished", "it does not know what it was")


def the_package_goes_and_comes(site):
    """a removal of the package stops at a safe point; when it is there again, the upgrade goes on"""
    site.needs_packages()
    site.ctl("rollback", "--yes", status=0)
    site.rest("rolled_back")
    site.hold("cache:clear", "--times", "1")
    site.start()
    site.held()
    said = site.call("dpkg", "--remove", "mautic-upgraded")
    expect("shop is at work" in said, said)
    expect(not site.call("pgrep", "-x", "mautic-upgraded", check=False), "a daemon runs on without its program")
    expect(site.container.path("/etc/mautic-upgraded/shop.conf").is_file(), "the site is forgotten")
    install(site, site.container.packages["mautic-upgraded"])
    site.call("systemctl", "start", SOCKET)
    expect(site.state() in ("running", "finished"), "it does not go on")
    site.rest("finished")
    site.compare(site.reference, "that of an upgrade that nobody stopped")


def a_clean_stop(site):
    """a stop at rest is clean, and takes neither socket nor state away"""
    site.call("systemctl", "stop", SERVICE)
    expect(site.show("Result") == "success" and site.show("ExecMainStatus") == "0", "the stop was not clean")
    expect(site.show("ActiveState", SOCKET) == "active", "the socket is gone")
    site.call("systemctl", "stop", SOCKET)
    expect(not site.container.path(SOCKET_PATH).exists(), "the socket is left")
    expect(site.container.path("/var/lib/mautic-upgraded/shop").is_dir(), "the state is gone")


CASES = (
    an_upgrade_to_compare_with, a_site_is_set_up, units_are_right, the_socket_starts_it, it_ends_when_idle,
    given_up_and_brought_back, killed_and_started_again, the_journal_explains, the_way_back, the_watchdog_finds_it, a_failure_is_explained,
    a_reboot_in_the_middle, a_stop_waits_for_what_cant_be_left, the_package_is_upgraded, the_package_goes_and_comes, a_clean_stop)
