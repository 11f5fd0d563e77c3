# SPDX-License-Identifier: GPL-3.0-or-later
"""Not alone: other daemons, other nodes, signals, a clock that is set, and those who clear away what is in use."""

import contextlib
import functools
import shutil
import signal
import subprocess

from harness import Case, Lost, Outcome, Site, spread

TITLE = "company"
DAY_S = 86400
CLOCKS = {"a day back": -DAY_S, "a day forward": DAY_S, "to 1990": -36 * 365 * DAY_S, "ten years forward": 3650 * DAY_S}
CONSOLE_COMMAND = "doctrine:migrations:execute"
MAUTIC_3_MIGRATION = "20191126093923"


# Others


class Neighbour(Site):
    """Another daemon on the same box: with a root, a state folder or both of its own."""

    def __init__(self, first, root=None, state=None):  # pylint: disable=super-init-not-called
        self.__dict__.update(first.__dict__)
        self.root, self.state = root or first.root, state or first.state
        self.socket = first.box / "neighbour.sock" if state is None else self.state / "daemon.sock"
        self.log = first.box / "neighbour.log"
        self.daemon = None
        self.state.mkdir(mode=0o700, exist_ok=True)


@contextlib.contextmanager
def console_waits(site, *words):
    """The next migration's console, or the one that these words choose, waits until the block's end."""
    site.sandbox("fault", CONSOLE_COMMAND, *words, "--wait", "--times", 1)
    try:
        yield lambda: site.wait_until((site.box / "console-waits").exists, "a console is at work")
    finally:
        (site.box / "console-goes-on").touch()


@contextlib.contextmanager
def migrating(site, *words):
    """The upgrade is begun; within the block a console is at work and waits."""
    site.start()
    with console_waits(site, *words) as wait:
        site.begin()
        wait()
        yield


def waiting_console(site):
    """The id of the process that waits, or has waited."""
    return int((site.box / "console-waits").read_text(encoding="ascii"))


def end_well(site):
    site.rest()
    site.check_finished()
    return Outcome.RIGHT_END


def locked_out(site, neighbour):
    neighbour.launch(settings={"daemon.patience": "1"}, options=() if neighbour.state != site.state else ("--socket", neighbour.socket))
    if neighbour.wait_gone() == 0:
        raise Lost(f"a second daemon ended well: {neighbour.log_end()}")
    if "holds the lock" not in neighbour.log.read_text(encoding="utf-8"):
        raise Lost(f"a second daemon ended for another reason: {neighbour.log_end()}")
    if site.status()["state"] != "running":
        raise Lost(f"the first daemon is {site.status()['state']} since then")


def second_daemon(same_state, bench):
    with Site(bench) as site:
        with migrating(site):
            locked_out(site, Neighbour(site, state=None if same_state else site.box / "other-state"))
        return end_well(site)


def second_node(begun, bench):
    """Its files are its own, the database is the same: only one of the two may migrate it at a time. begun: the second
    is past its checks when the first begins."""
    with Site(bench) as site:
        (site.box / "node").mkdir()
        subprocess.run(["cp", "-a", site.root, site.box / "node/site"], check=True)
        node = Neighbour(site, root=site.box / "node/site", state=site.box / "node/state")
        site.start()
        node.start(environment=bench.shimmed(FAULT_PLAN="backup_database:*:1:SIGSTOP") if begun else None)
        if begun:
            node.begin()
            node.wait_until(lambda: is_stopped(node), "the second node is stopped")
        with console_waits(site) as wait:
            site.begin()
            wait()
            if begun:
                node.daemon.send_signal(signal.SIGCONT)
                node.rest()
            else:
                node.upgrade()
            code, reason, message = node.failure()
            wanted = ("ERR_MAUTIC_2_MIGRATIONS_FAILED", "database_locked") if begun else ("ERR_PREFLIGHT_FAILED", "preflight_errors")
            if (code, reason) != wanted or "lock" not in message:
                raise Lost(f"the second node is {node.status()['state']}, {code} {reason}: {message}, while the first migrates")
        site.rest()
        site.check_finished()
        dump = site.dump()
        node.resume(site_warnings(node))
        node.expect_state("finished")
        node.stop()
        if site.dump() != dump:
            raise Lost("the second node has changed the database that was migrated")
    return Outcome.FAILED_RIGHTLY


def site_warnings(site):
    return site.warnings() if site.failure()[0] == "ERR_PREFLIGHT_FAILED" else []


# Signals


def state_of(pid):
    """The letter that proc(5) tells; FileNotFoundError when there is no such process."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[0]


def is_stopped(site):
    return not site.gone() and state_of(site.daemon.pid) == b"T"


def signalled(act, name, bench):
    """At an act, from within. Who is stopped goes on; who has ended is started again."""
    with Site(bench) as site:
        fired = site.box / "fired"
        site.start(environment=bench.shimmed(FAULT_PLAN=f"{act.stage}:{act.call}:{act.of_call}:{name}", FAULT_FIRED=fired))
        site.begin()
        # Who is stopped gives no answer: it is not asked.
        site.wait_until(lambda: site.gone() or (fired.exists() and fired.stat().st_size), f"{name} has come")
        if name == "SIGSTOP":
            site.wait_until(lambda: is_stopped(site), "the daemon is stopped")
            site.daemon.send_signal(signal.SIGCONT)
        elif name != "SIGHUP":
            if site.wait_gone() != 0:
                raise Lost(f"the daemon ended with {site.daemon.returncode} at {name}: {site.log_end()}")
            site.start()
        return end_well(site)


def stopped_while_console_works(bench):
    """The console ends and waits to be fetched."""
    with Site(bench) as site:
        with migrating(site):
            site.daemon.send_signal(signal.SIGSTOP)
            site.wait_until(lambda: is_stopped(site), "the daemon is stopped")
        site.wait_until(lambda: has_ended(waiting_console(site)), "the console ends")
        site.daemon.send_signal(signal.SIGCONT)
        return end_well(site)


def has_ended(pid):
    try:
        return state_of(pid) == b"Z"
    except FileNotFoundError:
        return True


# The clock


def clock_set(stage, seconds, bench):
    with Site(bench) as site:
        site.start(environment=bench.shimmed(FAULT_CLOCK=f"{stage}:{seconds}"))
        site.upgrade()
        site.check_finished()
    return Outcome.RIGHT_END


def clock_set_between(seconds, bench):
    """The upgrade was begun before it was set, and is gone on with afterwards."""
    with Site(bench) as site:
        with migrating(site):
            site.kill()
        site.start(environment=bench.shimmed(FAULT_CLOCK=f"-:{seconds}"))
        return end_well(site)


# Those who clear away


def client_killed(bench):
    with Site(bench) as site:
        site.start()
        with console_waits(site) as wait:
            words = ["start", "--accept", ",".join(site.warnings()), "--wait"]
            with subprocess.Popen([bench.client, "--socket", site.socket, *words], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as client:
                wait()
                client.kill()
        return end_well(site)


def socket_removed(bench):
    """Nobody reaches the daemon any more; it ends when it is told to, and the next one is reached."""
    with Site(bench) as site:
        with migrating(site):
            site.socket.unlink()
        site.stop()
        site.start()
        return end_well(site)


def state_renamed(bench):
    """It is put back before the next start."""
    with Site(bench) as site:
        away = site.box / "away"
        with migrating(site):
            site.state.rename(away)
            site.daemon.terminate()
        site.wait_gone()
        away.rename(site.state)
        site.start()
        return end_well(site)


def state_removed(bench):
    """The journal is lost, and so is the way on; what a new daemon must not do is guess. Nothing of Mautic 2 may go."""
    with Site(bench) as site:
        with migrating(site, "--argument", MAUTIC_3_MIGRATION):
            site.kill()
        shutil.rmtree(site.state)
        site.state.mkdir(mode=0o700)
        site.wait_until(lambda: has_ended(waiting_console(site)), "the console ends")
        tree = without_log(site.tree())
        site.start()
        site.upgrade()
        site.expect_state("failed")
        if site.failure()[0] != "ERR_PREFLIGHT_FAILED":
            raise Lost(f"a new daemon with no journal has gone on: {site.failure()}")
        site.stop()
        site.check_log()
        if without_log(site.tree()) != tree:
            raise Lost("a new daemon with no journal has changed the site")
        if not (site.root / "mautic-2-backup-files/app/version.txt").exists():
            raise Lost("Mautic 2's files are gone")
    return Outcome.FAILED_RIGHTLY


def without_log(tree):
    return [line for line in tree.splitlines() if not line.startswith(b"site/upgrade_log")]


def cases(bench, everything):
    acts = [act for act in bench.reference().acts if act.stage != "-"]
    first = {act.stage: act for act in reversed(acts)}
    found = [
        Case("a second daemon on the same state folder", functools.partial(second_daemon, True)),
        Case("a second daemon with another state folder on the same root", functools.partial(second_daemon, False)),
        Case("a second node on the same database", functools.partial(second_node, False)),
        Case("a second node on the same database, past its checks", functools.partial(second_node, True)),
        Case("SIGSTOP while the console works", stopped_while_console_works),
        Case("the client is killed", client_killed, sampled=False),
        Case("the socket is removed", socket_removed),
        Case("the state folder is renamed", state_renamed, sampled=False),
        Case("the state folder is removed", state_removed),
    ]
    found += [Case(f"the clock is set {words} in {stage}", functools.partial(clock_set, stage, seconds),
                   sampled=(words, stage) in (("a day back", "backup_database"), ("ten years forward", "move_files")))
              for words, seconds in CLOCKS.items() for stage in first]
    found += [Case(f"the clock is set {words} between two daemons", functools.partial(clock_set_between, seconds),
                   sampled=words == "to 1990") for words, seconds in CLOCKS.items()]
    everywhere = [act for act in spread(acts, 1) if act.call != "query"]
    for name, points in (("SIGTERM", everywhere), ("SIGSTOP", everywhere), ("SIGINT", first.values()), ("SIGHUP", first.values())):
        found += [Case(f"{name} in {act.stage}, {act.call} {act.of_call}", functools.partial(signalled, act, name),
                       sampled=points is everywhere and index % 16 == 5) for index, act in enumerate(points)]
    return found
