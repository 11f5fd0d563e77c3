# SPDX-License-Identifier: GPL-3.0-or-later
"""A site, its state and its database on a real file system, on a disk whose power can be cut: test/faults/volatile under a
loop device. To be used in a mount namespace of its own (harness/mounts.py)."""

import contextlib
import itertools
import os
import subprocess

from .mounts import make_file_system, mount
from .outcome import Lost, Skip
from .site import Refused, Site

MEBIBYTES = 512
_numbers = itertools.count(1)


class DiskSite(Site):
    """As Site; off() is whether the disk has no power any more, power_on() brings the machine up again."""

    def __init__(self, bench, file_system, **options):
        self._file_system = file_system
        folder = bench.scratch / f"disk-{os.getpid()}-{next(_numbers)}"
        self._device = folder / "device"  # with the file `disk`, which is the disk
        self._mount = folder / "mount"
        self._disk = None
        self._mounted = False  # noted: of an XFS that lost its disk even the look at its root fails
        super().__init__(bench, place=self._mount, **options)

    def __enter__(self):
        program = self.bench.build / "test/faults/volatile/volatile"
        if not program.exists():
            raise Skip("volatile was not built (Debian: libfuse3-dev)")
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            raise Skip("/dev/fuse can't be used")
        for folder in (self._device, self._mount):
            folder.mkdir(parents=True)
        self._disk = subprocess.Popen([program, self._device, str(MEBIBYTES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True, start_new_session=True, cwd="/")
        try:
            if self._disk.stdout.readline() != "ready\n":
                raise Skip("volatile can't be mounted here")
            make_file_system(self._file_system, self._device / "disk")
            if not self._mount_disk():
                raise Skip(f"{self._file_system} on a loop device can't be mounted here")
            super().__enter__()
            self._make_database_safe()
            os.sync()
        except BaseException:
            self._remove()
            raise
        return self

    def _mount_disk(self):
        self._mounted = mount("-t", self._file_system, "-o", "loop", self._device / "disk", self._mount)
        return self._mounted

    def _make_database_safe(self):
        """The sandbox's own way is faster than safe; a power cut is what it is not made for."""
        self.sql("SET GLOBAL innodb_flush_log_at_trx_commit = 1")

    def _command(self, words):
        """Says something to the disk: whether it has power, and the writes since it had."""
        self._disk.stdin.write(words + "\n")
        self._disk.stdin.flush()
        answer = self._disk.stdout.readline().split()
        if not answer:
            raise RuntimeError(f"volatile ended with {self._disk.wait()}")
        return answer[0] == "on", int(answer[1])

    def writes(self):
        """So many have reached the disk since the last limit()."""
        return self._command("state")[1]

    def limit(self, writes, seed=0):
        """The power goes with that write from now on (0: it stays); of what was not flushed each page is lost, or with a seed
        some by chance."""
        self._command(f"limit {writes} {seed}")

    def off(self):
        return not self._command("state")[0]

    def power_on(self):
        """Whatever ran when the power went is gone; the file system and the database find what the disk has."""
        self._command("cut")
        self.kill_all()
        self.wait_until(self._unmount, "the dead file system is unmounted")
        self._command("on")
        if not self._mount_disk():
            raise Lost(f"{self._file_system} can't be mounted after the cut")
        for path in (self.database.pid_file, self.database.socket):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        self.database.start()
        self._make_database_safe()

    def run(self, drive):
        """A daemon, driven until it rests or has lost its disk."""
        self.launch()
        with contextlib.suppress(OSError, Refused):  # the disk may go under each question
            self.wait_until(lambda: self.answers() or self.gone() or self.off(), "the daemon answers")
            drive()
        self.wait_until(lambda: self.rests() or self.gone() or self.off(), "the upgrade rests")

    def _unmount(self):
        self._mounted = self._mounted and \
            subprocess.run(["umount", self._mount], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode != 0
        return not self._mounted

    def _remove(self):
        if self._disk:
            self._command("cut")  # nobody needs what is on it
            self.kill_all()
            self.wait_until(self._unmount, "the disk is unmounted")
            self._disk.stdin.close()
            self._disk.wait()
            self._disk.stdout.close()
            self._disk = None
            self._device.rmdir()
            self._mount.rmdir()
            self._mount.parent.rmdir()
        super()._remove()
