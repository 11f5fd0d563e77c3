# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server that the package comes from, when it is slow, broken, or lies. The daemon gives up in bounded time and says
why; once the server is good again, resume ends as an undisturbed run does, whatever bytes had come before."""

import copy
import functools
import os
import pathlib
import shutil
import subprocess
import time

from harness import Case, Lost, Outcome, Site, Skip
from hostile import package
from hostile.web import Authority, Web

TITLE = "the package's server"
CODE = "ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED"
BOUND_S = 60  # for one try that a second of standstill ends: generous, as other tests run beside
SETTINGS = {"package.file": "", "package.insecure": "yes", "package.prefetch": "no", "download.attempts": "1", "download.stall": "1", "package.limit": "8M"}

# name: (faults of the GET requests one after another, the last one stays; reason, words that the message must have)
FAILING = {
    "404": ([{"status": "404"}], "package_not_found", "404"),
    "410": ([{"status": "410"}], "package_not_found", "410"),
    "403": ([{"status": "403"}], "download_failed", "403"),
    "401": ([{"status": "401"}], "download_failed", "401"),
    "500": ([{"status": "500"}], "download_failed", "500"),
    "503 with a long Retry-After": ([{"status": "503", "retry_after": "86400"}], "download_failed", "503"),
    "204, a success without a package": ([{"status": "204"}], "download_failed", "204"),
    "a redirect without end": ([{"redirect": "loop"}], "download_failed", "more than 10 redirects"),
    "a redirect to a file": ([{"location": "file:///etc/passwd"}], "download_failed", "file is not allowed"),
    "a redirect to another protocol": ([{"location": "ftp://127.0.0.1/x"}], "download_failed", "ftp is not allowed"),
    "a redirect to no address": ([{"location": "http://:bad:/"}], "download_failed", ""),
    "closed at once": ([{"raw": "close"}], "download_failed", ""),
    "not a byte": ([{"raw": "silence"}], "timed_out", "sent nothing"),
    "another protocol": ([{"raw": "words"}], "download_failed", ""),
    "a status line that is none": ([{"raw": "status"}], "download_failed", ""),
    "header lines without end": ([{"raw": "headers"}], "download_failed", ""),
    "a header line without end": ([{"raw": "drip"}], "timed_out", "sent nothing"),
    "100 without end": ([{"raw": "continue"}], "", ""),
    "a body without end": ([{"raw": "body"}], "download_failed", "package.limit"),
    "cut in the middle": ([{"cut": "30000"}], "download_failed", "remaining"),
    "cut in the middle, in chunks": ([{"cut": "30000", "chunked": "1"}], "download_failed", ""),
    "cut where nobody can see it": ([{"cut": "30000", "unframed": "1"}], "package_damaged", "zip"),
    "a standstill": ([{"stall": "30000"}], "timed_out", "sent nothing"),
    "a byte now and then": ([{"rate": "20"}], "timed_out", "bytes"),
    "longer than it says": ([{"length": "-1000"}], "package_damaged", "zip"),
    "shorter than it says": ([{"length": "1000"}, {"status": "500"}], "download_failed", ""),
    "a length beyond the limit": ([{"length": "100000000"}], "download_failed", "package.limit"),
    "another file in mid-download, not told": (
        [{"cut": "30000"}, {"change": "silent"}], "package_damaged", ""),
    "a range that was not asked for": ([{"cut": "30000"}, {"wrongrange": "1000"}], "download_failed", "another part"),
    "an error in mid-download": ([{"cut": "30000"}, {"status": "500"}], "download_failed", "500"),
    "the end of the server in mid-download": ([{"cut": "30000"}, {"raw": "close"}], "download_failed", ""),
}

# The same faults, and the download gets over them by itself: (faults, words that the log must have).
OVERCOME = {
    "cut again and again": ([{"cut": "15000"}] * 3 + [{}], "trying again"),
    "cut, then no ranges": ([{"cut": "30000"}, {"norange": "1"}], "begins anew"),
    "cut, then another file": ([{"cut": "30000", "change": "1"}, {}], "begins anew"),
    "cut, and no validator": ([{"cut": "30000", "novalidator": "1"}, {}], "trying again"),
    "cut, and a weak validator": ([{"cut": "30000", "etag": "weak"}, {}], "trying again"),
    "cut, then a wrong range, then the right one": ([{"cut": "30000"}, {"wrongrange": "1000"}, {}], "another part"),
    "shorter than it says, and all the same all of it": ([{"length": "1000"}, {}], "trying again"),
    "503, then well": ([{"status": "503", "retry_after": "1"}, {}], "503"),
    "a standstill, then well": ([{"stall": "30000"}, {}], "sent nothing"),
    "redirects": ([{"redirect": "5"}], ""),
}


def file_of(site):
    return pathlib.Path(site.facts["package"])


def site_on(web, bench, **settings):
    """A site whose package comes from there. To be entered."""
    return Site(bench, settings={**SETTINGS, "package.url": web.address + "mautic-3.zip", **settings})


def fill(site, folder):
    shutil.copy2(file_of(site), folder / "mautic-3.zip")


def folder_for(bench, name):
    folder = bench.scratch / f"web-{abs(hash(name)):x}-{time.monotonic_ns():x}"
    folder.mkdir()
    return folder


def meet(site, web, served, name, act):
    """One failing server: `act` starts or resumes the upgrade. Returns what is wrong with how that failed."""
    faults, reason, words = FAILING[name]
    os.utime(served)  # another file than the one before: its validator is a new one
    web.meet(faults)
    begin = time.monotonic()
    status = act()
    while status["state"] == "failed" and web.left:  # each request is a try of its own
        status = site.resume()
    seconds = time.monotonic() - begin
    if status["state"] != "failed":
        raise Lost(f"{name}: {status['state']} with a failing server")
    code, found, message = site.failure()
    wrong = []
    if code != CODE or (reason and found != reason) or words not in message:
        wrong.append(f"{name}: {code} {found} instead of {CODE} {reason} ({words}): {message}")
    if seconds > BOUND_S:
        wrong.append(f"{name}: it took {seconds:.0f} s: {message}")
    return wrong


def try_failing(names, bench):
    folder = folder_for(bench, names)
    with Web(folder) as web, site_on(web, bench) as site:
        fill(site, folder)
        site.start()
        act = site.upgrade
        wrong = []
        for name in names:
            wrong += meet(site, web, folder / "mautic-3.zip", name, act)
            act = site.resume
        if wrong:
            raise Lost("\n".join(wrong))
        web.meet([])
        site.resume()
        site.check_finished()
    return Outcome.FAILED_RIGHTLY


def try_overcome(name, bench):
    faults, words = OVERCOME[name]
    folder = folder_for(bench, name)
    with Web(folder) as web, site_on(web, bench, **{"download.attempts": "5"}) as site:
        fill(site, folder)
        web.meet(faults)
        site.start()
        site.upgrade()
        if words not in site.log.read_text(encoding="utf-8", errors="replace"):
            raise Lost(f"the log does not say '{words}': {site.log_end(10)}")
        site.check_finished()
    return Outcome.RIGHT_END


def try_killed(bench):
    """The daemon dies in the middle of the download, and the file on the server changes before the next one comes."""
    folder = folder_for(bench, "killed")
    with Web(folder) as web, site_on(web, bench) as site:
        fill(site, folder)
        web.meet([{"stall": "30000"}])
        site.start(settings={"download.stall": "600"})
        site.begin()
        part = site.state / "package.zip.part"
        site.wait_until(lambda: part.exists() and part.stat().st_size >= 30000, "half the package has come")
        site.kill()
        with open(folder / "new.zip", "wb") as file:
            file.write(package.build(package.read(file_of(site)), comment=b"Built again"))
        os.rename(folder / "new.zip", folder / "mautic-3.zip")
        web.meet([])
        site.start()
        site.rest()
        site.check_finished()
    return Outcome.RIGHT_END


def try_cancel(bench):
    """The look that preflight takes at the address ends with a cancel, though the server never answers."""
    folder = folder_for(bench, "cancel")
    with Web(folder) as web, site_on(web, bench) as site:
        fill(site, folder)
        site.start()
        warnings = site.warnings()
        web.meet([], head={"raw": "silence"})
        site.api("POST", "/v1/start", {"accept_warnings": warnings})
        site.wait_until(lambda: web.heads >= 2, "preflight asks the server")
        begin = time.monotonic()
        site.api("POST", "/v1/cancel")
        status = site.rest()
        seconds = time.monotonic() - begin
        if status["state"] != "interrupted" or seconds > 10:
            raise Lost(f"{status['state']} {seconds:.1f} s after the cancel")
        web.meet([])
        site.resume()
        site.check_finished()
    return Outcome.RIGHT_END


# TLS


def trusting(bench, authority):
    """The bench with daemons that trust this authority alone: the machine's list is covered in a namespace of theirs."""
    listed = "/etc/ssl/certs/ca-certificates.crt"
    if os.geteuid() != 0 or not os.path.exists(listed):
        raise Skip("what the daemon trusts can be covered as root alone")
    script = authority.folder / "daemon"
    script.write_text(f"#!/bin/sh\nmount --bind '{authority.folder}/ca.pem' {listed} && exec '{bench.daemon}' \"$@\"\n", encoding="utf-8")
    script.chmod(0o755)
    wrapper = authority.folder / "trusting-daemon"
    wrapper.write_text(f"#!/bin/sh\nexec unshare --mount '{script}' \"$@\"\n", encoding="utf-8")
    wrapper.chmod(0o755)
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        raise Skip("no mount namespace can be made here")
    other = copy.copy(bench)
    other.daemon = wrapper
    return other


# name: (certificate, faults, words that the message must have; None: it ends well)
CERTIFICATES = {
    "a certificate by nobody": ({"signed": False}, [], "can't be trusted"),
    "an expired certificate": ({"end": "20210101000000Z"}, [], "expired"),
    "a certificate that is not valid yet": ({"begin": "20980101000000Z"}, [], "not yet valid"),
    "another host's certificate": ({"host": "example.org"}, [], "can't be trusted"),
    "from https to http": ({}, [{"location": "http://127.0.0.1:1/mautic-3.zip"}], "http is not allowed"),
    "from https to a file": ({}, [{"location": "file:///etc/passwd"}], "file is not allowed"),
    "a good certificate": ({}, [], None),
}


def try_certificate(name, bench):
    certificate, faults, words = CERTIFICATES[name]
    folder = folder_for(bench, name)
    authority = Authority(folder / "authority")
    files = authority.certificate("server", **certificate)
    (folder / "files").mkdir()
    with Web(folder / "files", files) as web, site_on(web, trusting(bench, authority), **{"package.insecure": "no"}) as site:
        fill(site, folder / "files")
        web.meet(faults)
        site.start()
        status = site.upgrade()
        if words is None:
            site.check_finished(bench.reference())
            return Outcome.RIGHT_END
        code, reason, message = site.failure()
        if status["state"] != "failed" or (code, reason) != (CODE, "download_failed") or words not in message:
            raise Lost(f"{status['state']} {code} {reason}: {message}")
        site.stop()
        site.start(settings={"package.file": site.facts["package"]})
        site.resume()
        site.check_finished(bench.reference())
    return Outcome.FAILED_RIGHTLY


def cases(_bench, _everything):
    return [
        Case(f"{len(FAILING)} faults, one after another", functools.partial(try_failing, tuple(FAILING))),
        *(Case(name, functools.partial(try_failing, (name,)), sampled=False) for name in FAILING),
        *(Case(name, functools.partial(try_overcome, name), sampled=number < 2) for number, name in enumerate(OVERCOME)),
        Case("killed in the download, then another file", try_killed),
        Case("cancelled while preflight asks", try_cancel),
        *(Case(name, functools.partial(try_certificate, name), sampled=number < 1) for number, name in enumerate(CERTIFICATES)),
    ]
