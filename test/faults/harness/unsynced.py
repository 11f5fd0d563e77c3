# SPDX-License-Identifier: GPL-3.0-or-later
"""A site on a disk whose power can be cut: site and state on test/faults/unsynced, the database outside of it."""

import contextlib
import os
import signal
import subprocess

from .outcome import Lost, Skip
from .site import Site


class UnsyncedSite(Site):
    """As Site; cut() takes the power away from all that runs on it, and from the disk."""

    def __init__(self, bench, **options):
        folder = bench.build / "test/faults/unsynced"
        self._program = folder / "unsynced"
        self._library = folder / "unsynced-sync.so"
        self._disk = None
        if not self._program.exists():
            raise Skip("unsynced was not built (Debian: libfuse3-dev)")
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            raise Skip("/dev/fuse can't be used")
        super().__init__(bench, **options)

    def __enter__(self):
        super().__enter__()
        try:
            self._move_to_disk()
        except BaseException:
            self._remove()
            raise
        return self

    def _move_to_disk(self):
        waiting = self.box / "site.waiting"
        self.root.rename(waiting)
        self.root.mkdir()
        self._disk = subprocess.Popen([self._program, self.root, self.state], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True, start_new_session=True, cwd="/")
        if self._disk.stdout.readline() != "ready\n":
            raise Skip("unsynced can't be mounted here")
        subprocess.run(["cp", "-a", f"{waiting}/.", self.root], check=True)
        subprocess.run(["rm", "-rf", waiting], check=True)
        self.command("sync")

    def command(self, words):
        """Says something to the disk; its answer."""
        self._disk.stdin.write(words + "\n")
        self._disk.stdin.flush()
        answer = self._disk.stdout.readline().strip()
        if not answer:
            raise RuntimeError(f"unsynced ended with {self._disk.wait()}")
        return answer

    def launch(self, environment=None, settings=None, options=()):
        preload = (environment or {}).get("LD_PRELOAD")
        if not preload and self.bench.sanitizer:
            preload = self.bench.sanitizer
        words = f"{preload}:{self._library}" if preload else str(self._library)
        return super().launch({**(environment or {}), "LD_PRELOAD": words}, settings, options)

    def cut(self, seed=None):
        """The power goes: every process on the site dies, and what was not synced is lost; with a seed a random part
        of it. The number of names and files of which something was lost."""
        for pid in processes_of_session(self.daemon.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.daemon.wait()
        self.wait_until(lambda: not processes_of_session(self.daemon.pid), "the site's processes are gone")
        words = self.command("cut" if seed is None else f"cut {seed}").split()
        if words[0] != "lost":
            raise Lost(f"unsynced says {words}")
        return int(words[1]), int(words[2])

    def _remove(self):
        if self._disk:
            if self.daemon:
                for pid in processes_of_session(self.daemon.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                self.daemon.wait()
            self._disk.stdin.close()  # it unmounts its folders
            self._disk.wait()
            self._disk.stdout.close()
            self._disk = None
        super()._remove()


def processes_of_session(leader):
    """The processes that a daemon has begun, with itself: they are of its session; zombies do not count."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as file:
                words = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(words[3]) == leader and words[0] not in (b"Z", b"X"):
            found.append(int(entry))
    return found
