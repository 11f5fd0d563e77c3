# SPDX-License-Identifier: GPL-3.0-or-later
"""Visitors, uploads and cron jobs all the time, with real web servers: each answer is Mautic 2's, the 503 page or Mautic 3's."""

import contextlib
import functools
import random

from harness import Case, Lost, Outcome, Site
from harness.web import GATE, NEW, OLD, Apache, Nginx, NginxThatForgetsLate, NginxThatForgetsNothing, PhpServer, Traffic

TITLE = "live traffic"
RUNS = 50
SETTINGS = {"gate.settle": "5", "smoke.request": "yes"}
ROUND = (OLD, GATE, NEW)


@contextlib.contextmanager
def busy_site(bench, server_class, **settings):
    """(site, server, traffic) with visitors on Mautic 2."""
    server = server_class()
    try:
        with Site(bench, create=("--site-url", server.url), settings={**SETTINGS, **settings}) as site:
            server.start(site)
            with Traffic(site, server) as traffic:
                traffic.wait_for(OLD)
                yield site, server, traffic
    finally:
        server.stop()


def begin(site):
    """Whether PHP is seen at work at the time is chance."""
    site.api("POST", "/v1/start", {"accept_warnings": sorted({*site.warnings(), "processes"})})


def end(site, traffic, *seen):
    """Visitors see what is the last, and have seen all of it in this order."""
    traffic.wait_for(seen[-1])
    traffic.stop()
    traffic.check(*seen)
    site.stop()
    site.check_log()


def upgrade(server_class, bench):
    with busy_site(bench, server_class) as (site, _, traffic):
        site.start()
        begin(site)
        site.rest()
        site.expect_state("finished")
        end(site, traffic, *ROUND)
    return Outcome.RIGHT_END


def killed(server_class, at, bench):
    """The daemon dies at a rename, visitors wait behind the gate, another daemon goes on."""
    with busy_site(bench, server_class) as (site, _, traffic):
        site.start(environment=bench.shimmed(FAULT_STAGE="move_files", FAULT_CALL="renameat2", FAULT_AT=at, FAULT_ACTION="kill"))
        begin(site)
        if site.wait_gone() != -9:
            raise Lost(f"the daemon ended with {site.daemon.returncode}: {site.log_end()}")
        site.start()
        site.rest()
        site.expect_state("finished")
        end(site, traffic, *ROUND)
    return Outcome.RIGHT_END


def rolled_back(server_class, bench):
    with busy_site(bench, server_class) as (site, _, traffic):
        site.start()
        begin(site)
        site.rest()
        site.expect_state("finished")
        traffic.wait_for(NEW)
        site.rollback()
        site.expect_state("rolled_back")
        end(site, traffic, *ROUND, GATE, OLD)
    return Outcome.RIGHT_END


def unseen(bench):
    """PHP goes on with Mautic 2 from its memory: nothing is moved under it."""
    with busy_site(bench, NginxThatForgetsNothing, **{"gate.patience": "2"}) as (site, server, traffic):
        site.start()
        begin(site)
        site.rest()
        if site.failure()[1] != "gate_unseen":
            raise Lost(f"instead of gate_unseen: {site.status()['state']} {site.failure()}")
        traffic.wait_for(OLD)
        server.reload()
        site.resume()
        site.expect_state("finished")
        end(site, traffic, *ROUND)
    return Outcome.FAILED_RIGHTLY


def cases(bench, everything):
    servers = (PhpServer, Nginx, Apache, NginxThatForgetsLate)
    found = [Case(f"{server.name}, run {number}", functools.partial(upgrade, server), sampled=number <= 2 and server in (PhpServer, Nginx))
             for number in range(1, RUNS + 1) for server in servers[:2]]
    found += [Case(server.name, functools.partial(upgrade, server), sampled=server is Apache) for server in servers[2:]]
    found.append(Case(NginxThatForgetsNothing.name, unseen, sampled=False))
    points = random.Random(1).sample(range(1, 40), 8)
    found += [Case(f"{server.name}, killed at rename {at} of move_files", functools.partial(killed, server, at), sampled=False)
              for server in servers[:2] for at in sorted(points)]
    found += [Case(f"{server.name}, rolled back", functools.partial(rolled_back, server), sampled=server is Nginx)
              for server in servers[:3]]
    return found
