# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites of which some folders are file systems of their own. Only root can mount; it is done where no other process sees it."""

import ctypes
import os
import shutil
import subprocess
import threading

from .outcome import Skip
from .site import Site

CLONE_NEWNS = 0x20000
FILE_SYSTEMS = ("ext4", "xfs", "btrfs")


def in_own_namespace(function):
    """A case's function, run in a thread with a mount namespace of its own: its mounts end with it and its children."""

    def run(bench):
        if os.geteuid() != 0:
            raise Skip("only root can mount")
        result = []

        def work():
            try:
                if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
                    raise Skip("mount namespaces can't be used here")
                if not mount("--make-rprivate", "/"):
                    raise Skip("mounts can't be made private here")
                result.append((function(bench), None))
            except BaseException as error:  # pylint: disable=broad-except  (raised again where it is waited for)
                result.append((None, error))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        value, error = result[0]
        if error:
            raise error
        return value

    return run


def mount(*words):
    return subprocess.run(["mount", *map(str, words)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def make_file_system(kind, image):
    """Makes an ext4, xfs or btrfs in a file of its size. Skip where the program for it is missing."""
    program = shutil.which(f"mkfs.{kind}", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not program:
        raise Skip(f"mkfs.{kind} is not installed")
    done = subprocess.run([program, "-q", "-F" if kind == "ext4" else "-f", image], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise RuntimeError(f"mkfs.{kind}: {done.stdout.decode(errors='replace')[-1000:]}")


class MountedSite(Site):
    """As Site, with the folders of the box that `mounts` names ("site", "state") on file systems of their own.

    mounts: {folder: kind}. "tmpfs", or "ext4", "xfs", "btrfs" in a file. With "state": "site" both are on one."""

    def __init__(self, bench, mounts, **options):
        super().__init__(bench, **options)
        self._mounts = mounts
        self._mounted = []

    def __enter__(self):
        super().__enter__()
        try:
            for name, kind in self._mounts.items():
                self._move(self.box / name, kind)
        except BaseException:
            self._remove()
            raise
        return self

    def _move(self, folder, kind):
        waiting = folder.with_name(folder.name + ".waiting")
        folder.rename(waiting)
        folder.mkdir()
        self.mount(folder, kind)
        subprocess.run(["cp", "-a", f"{waiting}/.", folder], check=True)
        subprocess.run(["rm", "-rf", waiting], check=True)

    def mount(self, folder, kind):
        if kind == "tmpfs":
            done = mount("-t", "tmpfs", "-o", "size=512m,mode=0755", "faults", folder)
        else:
            done = mount("-o", "loop", self._image(folder, kind), folder)
        if not done:
            raise Skip(f"{kind} can't be mounted here")
        self._mounted.append(folder)
        if (folder / "lost+found").exists():
            (folder / "lost+found").rmdir()

    def _image(self, folder, kind):
        image = folder.with_name(f"{folder.name}.{kind}")
        with open(image, "wb") as file:
            file.truncate(512 << 20)
        make_file_system(kind, image)
        return image

    def remount(self, folder, options):
        """True unless the kernel refuses it."""
        return mount("-o", f"remount,{options}", self.box / folder)

    def unmount(self, folder):
        subprocess.run(["umount", "--lazy", folder], stderr=subprocess.DEVNULL, check=False)

    def _remove(self):
        self.kill_all()
        while self._mounted:
            self.unmount(self._mounted.pop())
        super()._remove()
