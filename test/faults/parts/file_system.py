# SPDX-License-Identifier: GPL-3.0-or-later
"""File systems that are full, read-only, elsewhere or odd, and files of all kinds that a site may hold."""

import contextlib
import functools
import os
import pathlib
import shutil
import socket
import stat
import subprocess

from harness import Case, Lost, Outcome, Site, Skip, plan
from harness.mounts import MountedSite, in_own_namespace
from harness.unsynced import processes_of_session
from parts.kill import run_killed

TITLE = "file systems and odd files"
CODES = {
    "preflight": "ERR_PREFLIGHT_FAILED",
    "backup_database": "ERR_DATABASE_BACKUP_FAILED",
    "migrate_mautic_2": "ERR_MAUTIC_2_MIGRATIONS_FAILED",
    "download_package": "ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED",
    "extract_package": "ERR_EXTRACT_UPGRADE_PACKAGE_FAILED",
    "move_files": "ERR_MOVE_MAUTIC_2_AND_3_FILES",
    "update_local_config": "ERR_UPDATE_LOCAL_CONFIG",
    "migrate_mautic_3": "ERR_MAUTIC_3_MIGRATIONS_FAILED",
    "restore_user_data": "ERR_RESTORE_USER_DATA_FAILED",
    "build_cache": "ERR_BUILD_M3_CACHE",
    "cleanup_files": "ERR_CLEANUP_FILES",
}


# Where root and state are


def elsewhere(mounts, bench):
    with MountedSite(bench, mounts) as site:
        site.start()
        site.upgrade()
        site.check_finished()
    return Outcome.RIGHT_END


def mounted_entry(bench):
    """An entry of the root that is a mount point can't be moved: preflight says so before anything is."""
    with MountedSite(bench, {}) as site:
        before = site.tree()
        waiting = site.box / "newsletter.waiting"
        shutil.copytree(site.root / "newsletter", waiting)
        site.mount(site.root / "newsletter", "tmpfs")
        shutil.copytree(waiting, site.root / "newsletter", dirs_exist_ok=True)
        site.start()
        site.begin()
        site.rest()
        expect_failure(site, "preflight", {"preflight_errors"})
        if "newsletter" not in site.failure()[2]:
            raise Lost(f"the mount point is not named: {site.failure()[2]}")
        site.stop()  # it stands with a foot in the mount
        site.unmount(site.root / "newsletter")
        without_log = b"".join(line for line in site.tree().splitlines(True) if b"upgrade_log" not in line)
        if without_log != before:
            raise Lost("preflight has changed the site")
        site.start()
        if site.rest()["state"] != "finished":
            site.resume(site.warnings())
        site.check_finished()
    return Outcome.FAILED_RIGHTLY


# Full and read-only


def expect_failure(site, stage, reasons):
    code, reason, message = site.failure()
    if code != CODES[stage] or reason not in reasons:
        raise Lost(f"failed in {stage} with {code} {reason} {message}")


def fill(site, folder):
    """Leaves no room for a byte."""
    status = os.statvfs(site.box / folder)
    used = (status.f_blocks - status.f_bfree) * status.f_frsize
    if not site.remount(folder, f"size={used}"):
        raise Skip("tmpfs can't be made smaller here")


def use_up_inodes(site, folder):
    status = os.statvfs(site.box / folder)
    if not site.remount(folder, f"nr_inodes={status.f_files - status.f_ffree}"):
        raise Skip("tmpfs can't be given less inodes here")


def make_read_only(site, folder):
    if not site.remount(folder, "ro"):
        raise Skip("the file system can't be made read-only here")


# name: (what is done to the file system, how it is put right, the reasons that may be told)
HARMS = {
    "full": (fill, "size=512m", {"disk_full", "checkpoint_unwritable"}),
    "no inodes left": (use_up_inodes, "nr_inodes=1000000", {"disk_full", "checkpoint_unwritable"}),
    "read-only": (make_read_only, "rw", {"read_only", "checkpoint_unwritable"}),
}


def harmed(harm, folder, act, bench):
    """Killed at the act, started on a file system that was harmed meanwhile: fails with the right words, or needs nothing of
    it; put right, it goes on to the right end."""
    harm_it, mend, reasons = HARMS[harm]
    outcome = Outcome.RIGHT_END
    with MountedSite(bench, {folder: "tmpfs"}) as site:
        if not run_killed(site, bench.shimmed(FAULT_PLAN=plan((act, "kill")))):
            raise Skip("this run came to its end without that act")
        # A console that outlives its daemon still writes.
        site.wait_until(lambda: not processes_of_session(site.daemon.pid), "the site's processes are gone")
        harm_it(site, folder)
        site.launch()
        if answers_or_ends(site):
            if site.rest()["state"] != "finished":
                expect_harm(site, act.stage, reasons)
                outcome = Outcome.FAILED_RIGHTLY
        elif "can't" not in site.log_end(3) and "no room" not in site.log_end(3):
            raise Lost(f"the daemon ended with {site.daemon.returncode} and does not say why: {site.log_end()}")
        else:
            outcome = Outcome.FAILED_RIGHTLY
        if not site.remount(folder, mend):
            raise Lost(f"the file system can't be put right: {site.log_end()}")
        if site.gone():
            site.start()
        if site.rest()["state"] != "finished":
            site.resume()
        site.check_finished()
    return outcome


def expect_harm(site, begun, reasons):
    """Failed in the stage that it was killed in, or in a later one."""
    code, reason, message = site.failure()
    stages = list(CODES)
    if (code, reason) == (CODES["preflight"], "preflight_errors") and folder_words(message):
        return
    if code not in [CODES[stage] for stage in stages[stages.index(begun):]] or reason not in reasons:
        raise Lost(f"failed with {code} {reason} {message}")


def folder_words(message):
    """Whether preflight's sentence is of what was done to the file system."""
    return any(words in message for words in ("MiB free", "inodes free", "is read-only"))


def answers_or_ends(site):
    """False when the daemon did not start."""

    def answers():
        with contextlib.suppress(OSError):
            site.status()
            return True
        return site.gone()

    site.wait_until(answers, "the daemon answers or ends")
    return not site.gone()


# Odd files


def make_names(folder):
    """Every byte that a name may have: alone, and in the middle of others."""
    for byte in range(1, 256):
        if byte == ord("/"):
            continue
        for name in (bytes([byte]), b"a" + bytes([byte]) + b"z"):
            if name in (b".",):
                continue
            (pathlib.Path(os.fsdecode(os.fsencode(folder) + b"/" + name))).write_bytes(name)
    (folder / ("long" * 63)).write_text("long\n")


def make_case_pairs(folder):
    for name in ("readme", "README", "ReadMe", "Straße", "STRASSE", "e\u0301", "\u00e9"):
        (folder / name).write_text(name)


def make_hard_links(folder):
    (folder / "one").write_text("one\n")
    (folder / "below").mkdir()
    for name in ("two", "below/three"):
        os.link(folder / "one", folder / name)


def make_sparse(folder):
    with open(folder / "sparse", "wb") as file:
        file.truncate(1 << 32)
        file.seek(1 << 31)
        file.write(b"middle")


def make_special(folder):
    os.mkfifo(folder / "fifo", 0o640)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{os.open(folder, os.O_PATH | os.O_CLOEXEC)}/socket")


def make_closed(folder):
    """Modes that forbid even their owner, and bits that a copy loses easily."""
    for mode in (0o000, 0o111, 0o444, 0o1777, 0o2755, 0o4755):
        (folder / f"file{mode:04o}").write_text("x")
        (folder / f"file{mode:04o}").chmod(mode)
        (folder / f"folder{mode:04o}").mkdir()
        (folder / f"folder{mode:04o}" / "inside").write_text("x")
        (folder / f"folder{mode:04o}").chmod(mode)


def make_many(folder):
    for number in range(30000):
        (folder / f"entry-{number}").touch()


ODD = {
    "names of every byte": make_names,
    "names that differ in case alone": make_case_pairs,
    "hard links": make_hard_links,
    "a sparse file": make_sparse,
    "a FIFO and a socket": make_special,
    "closed folders and special bits": make_closed,
}


def describe(folder):
    """What is below the folder, but for the times of folders and what a hole is."""
    first = {}
    lines = []
    for path, folders, names in os.walk(os.fsencode(folder)):
        folders.sort()
        for name in sorted(folders + names):
            where = os.path.join(path, name)
            status = os.lstat(where)
            kind = stat.S_IFMT(status.st_mode)
            inode = first.setdefault(status.st_ino, os.path.relpath(where, os.fsencode(folder)))
            content = pathlib.Path(os.fsdecode(where)).read_bytes() if kind == stat.S_IFREG and status.st_size < 1 << 20 else b""
            lines.append(repr((os.path.relpath(where, os.fsencode(folder)), oct(status.st_mode), status.st_uid, status.st_gid,
                               status.st_size if kind == stat.S_IFREG else 0, status.st_mtime_ns if kind != stat.S_IFDIR else 0,
                               inode, status.st_blocks if kind == stat.S_IFREG else 0, content)))
    return sorted(lines)


class OddSite(Site):
    """As Site; the note of what was restored, which names what is odd, does not count."""

    def tree(self):
        return b"".join(line for line in super().tree().splitlines(True) if b"/RESTORED.txt " not in line)


def odd(make, place, bench):
    """What is odd stands in a folder of media, and in one of the root that no release has, and must be there again."""
    with OddSite(bench) as site:
        folders = [site.root / name for name in place]
        for folder in folders:
            folder.mkdir(parents=True)
            make(folder)
        before = [describe(folder) for folder in folders]
        site.start()
        site.upgrade()
        site.expect_state("finished")
        for folder, wanted in zip(folders, before):
            found = describe(folder)
            if found != wanted:
                raise Lost(f"{folder.name} is another: missing {sorted(set(wanted) - set(found))[:3]}, "
                           f"new {sorted(set(found) - set(wanted))[:3]}")
            subprocess.run(["rm", "-rf", folder], check=True)
            if folder.parent.name == "own-folder":
                folder.parent.rmdir()
        site.check_finished(bench.reference(OddSite))
    return Outcome.RIGHT_END


COPY = {"user_data.mode": "copy"}


def copied(make, bench):
    """What is odd is copied back to Mautic 3, and stays in Mautic 2's folder as well."""
    with OddSite(bench, settings=COPY) as site:
        folder = site.root / "media" / "odd"
        folder.mkdir(parents=True)
        make(folder)
        before = describe(folder)
        site.start()
        site.upgrade()
        site.expect_state("finished")
        places = [folder, *site.root.glob("var/mautic-2-backup-files-*/media/odd")]
        if len(places) != 2:
            raise Lost("Mautic 2's folder does not hold it any more")
        for place in places:
            found = describe(place)
            if found != before:
                raise Lost(f"{place} is another: missing {sorted(set(before) - set(found))[:3]}, new {sorted(set(found) - set(before))[:3]}")
            subprocess.run(["rm", "-rf", place], check=True)
        site.check_finished(bench.reference(OddSite, settings=COPY))
    return Outcome.RIGHT_END


def special_copied(bench):
    """A FIFO can't be copied: that is told before anything is harmed; with it gone the upgrade goes on."""
    with OddSite(bench, settings=COPY) as site:
        folder = site.root / "media" / "odd"
        folder.mkdir()
        os.mkfifo(folder / "fifo")
        site.start()
        site.upgrade()
        expect_failure(site, "preflight", {"preflight_errors"})
        if "media/odd/fifo" not in site.failure()[2]:
            raise Lost(f"the FIFO is not named: {site.failure()[2]}")
        (folder / "fifo").unlink()
        site.resume()
        site.expect_state("finished")
        for place in (folder, *site.root.glob("var/mautic-2-backup-files-*/media/odd")):
            place.rmdir()
        site.check_finished(bench.reference(OddSite, settings=COPY))
    return Outcome.FAILED_RIGHTLY


def deep_tree(levels, name, bench):
    """Deeper than a path can be long."""
    with OddSite(bench) as site:
        top = site.root / "media" / "deep"
        top.mkdir()
        descend(top, levels, name, make=True)
        site.start()
        site.upgrade()
        site.expect_state("finished")
        descend(top, levels, name, make=False)
        subprocess.run(["rm", "-rf", top], check=True)
        site.check_finished(bench.reference(OddSite))
    return Outcome.RIGHT_END


def descend(top, levels, name, make):
    """Makes the folders one below the other with a file in the last, or looks whether they are there."""
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for _ in range(levels):
            if make:
                os.mkdir(name, dir_fd=fd)
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = below
        if make:
            os.close(os.open("bottom", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=fd))
        os.stat("bottom", dir_fd=fd)
    except FileNotFoundError as error:
        raise Lost(f"the deep tree is not whole: {error}") from error
    finally:
        os.close(fd)


def change_attribute(path, sign):
    return subprocess.run(["chattr", f"{sign}i", path], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def immutable_entry(bench):
    """An entry of the root that nobody can rename: preflight says so."""
    with OddSite(bench) as site:
        entry = site.root / "robots.txt"
        if os.geteuid() != 0 or not change_attribute(entry, "+"):
            raise Skip("no file can be made immutable here")
        try:
            site.start()
            site.begin()
            site.rest()
            expect_failure(site, "preflight", {"preflight_errors"})
            if "robots.txt" not in site.failure()[2]:
                raise Lost(f"the immutable file is not named: {site.failure()[2]}")
        finally:
            change_attribute(entry, "-")
        site.resume(site.warnings())
        site.check_finished(bench.reference(OddSite))
    return Outcome.FAILED_RIGHTLY


def immutable_inside(bench):
    """A file that can't be changed in a folder of the user's goes along with it."""
    with OddSite(bench) as site:
        folder = site.root / "media" / "fixed"
        folder.mkdir()
        (folder / "file").write_text("fixed\n")
        if os.geteuid() != 0 or not change_attribute(folder / "file", "+"):
            raise Skip("no file can be made immutable here")
        try:
            site.start()
            site.upgrade()
            site.expect_state("finished")
            text = (folder / "file").read_text()
        finally:
            for place in (folder / "file", *site.root.glob("*/media/fixed/file")):
                change_attribute(place, "-")
        if text != "fixed\n":
            raise Lost("the immutable file is another")
        shutil.rmtree(folder)
        site.check_finished(bench.reference(OddSite))
    return Outcome.RIGHT_END


def cases(bench, everything):
    found = [
        Case("the root on tmpfs", in_own_namespace(functools.partial(elsewhere, {"site": "tmpfs"}))),
        Case("the state on tmpfs", in_own_namespace(functools.partial(elsewhere, {"state": "tmpfs"})), sampled=False),
        *(Case(f"root and state on {kind}", in_own_namespace(functools.partial(elsewhere, {"site": kind, "state": kind})),
               sampled=kind == "btrfs") for kind in ("ext4", "xfs", "btrfs")),
        Case("a mount point in the root", in_own_namespace(mounted_entry)),
        Case("an immutable entry in the root", immutable_entry),
        Case("an immutable file in media", immutable_inside, sampled=False),
        Case("a tree of 60 long names", functools.partial(deep_tree, 60, "n" * 200)),
        Case("a tree of 3,000 short names", functools.partial(deep_tree, 3000, "d"), sampled=False),
        Case("30,000 entries in a folder", functools.partial(odd, make_many, ["media/odd"]), sampled=False),
    ]
    found += [Case(name, functools.partial(odd, make, ["media/odd", "own-folder/odd"]), sampled=name in ("names of every byte", "a FIFO and a socket"))
              for name, make in ODD.items()]
    found += [Case(f"copied: {name}", functools.partial(copied, make), sampled=False) for name, make in ODD.items()
              if make not in (make_hard_links, make_special)]
    found.append(Case("copied: a FIFO", special_copied, sampled=False))
    acts = bench.reference().acts
    for stage in CODES:
        of_stage = [act for act in acts if act.stage == stage]
        act = of_stage[len(of_stage) // 2]
        for harm in HARMS:
            for folder in ("site", "state"):
                found.append(Case(f"{folder} {harm} in {stage}", in_own_namespace(functools.partial(harmed, harm, folder, act)),
                                  sampled=(harm, folder, stage) in SAMPLED))
    return found


SAMPLED = {
    ("full", "state", "backup_database"), ("full", "site", "extract_package"), ("no inodes left", "site", "extract_package"),
    ("no inodes left", "site", "move_files"), ("read-only", "site", "restore_user_data"), ("full", "site", "build_cache"),
    ("read-only", "state", "migrate_mautic_3"),
}
