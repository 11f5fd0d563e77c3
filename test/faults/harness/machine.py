# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine with the upgrade in it, whose power can be cut: Debian's kernel and programs, a disk of its own.

The system's image is made once, by debootstrap from where this machine's own packages come from, and kept in the folder
that --cache names, else in $XDG_CACHE_HOME/mautic-upgraded or ~/.cache/mautic-upgraded."""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

from .bench import TOP
from .disk import VolatileDisk
from .mounts import make_file_system
from .outcome import Lost, Skip, Stopped

sys.path.append(str(TOP / "test/tools"))
from debian_root import Unavailable, find, kept, make_root, release, run  # noqa: E402  pylint: disable=wrong-import-position

PACKAGES = (
    "linux-image-cloud-amd64", "initramfs-tools", "kmod", "zstd", "mariadb-server-core", "mariadb-client", "php-cli",
    "php-mbstring", "php-mysql", "php-xml", "php-zip", "php-symfony-console", "php-doctrine-dbal", "python3", "procps")
DISK_BYTES = 1 << 30
IMAGE_BYTES = 3 << 30
MEMORY_MIB = 768
BOOT_LIMIT_S = 600  # to the end of what it does; twice as long where the processor is emulated
INIT = TOP / "test/faults/power/init"
GUEST = TOP / "test/faults/power/guest.py"


def require(*programs):
    for program in programs:
        if not find(program):
            raise Skip(f"{program} is not installed")


def has_kvm():
    """Whether KVM runs any guest here: where the processor lacks the means for it, what /dev/kvm offers is of no use to a
    kernel that does not know of it."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        flags = set(file.read().split())
    return bool(flags & {"vmx", "svm"}) and os.access("/dev/kvm", os.R_OK | os.W_OK)


# The image


def libraries(bench):
    """The packages of the libraries that the programs are linked with."""
    paths = set()
    for program in (bench.daemon, bench.client):
        for line in run("ldd", program).splitlines():
            words = line.split()
            if len(words) > 2 and words[2].startswith("/"):
                # dpkg knows a file by the name that it was installed under, with /usr or without.
                for path in (words[2], os.path.realpath(words[2])):
                    paths |= {path, path.removeprefix("/usr"), "/usr" + path.removeprefix("/usr")}
    done = subprocess.run(["dpkg", "-S", *sorted(paths)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return sorted({line.split(":")[0] for line in done.stdout.splitlines()})


def make_image(folder, codename, mirror, packages):
    root = folder / "root"
    make_root(root, codename, mirror, packages)
    shutil.copy(INIT, root / "init.sh")
    for name in ("vmlinuz", "initrd.img"):
        found = sorted((root / "boot").glob(name + "-*"))
        shutil.copy(found[-1], folder / name)
    with open(folder / "root.img", "wb") as file:
        file.truncate(IMAGE_BYTES)
    run(find("mkfs.ext4"), "-q", "-F", "-d", root, folder / "root.img")
    shutil.rmtree(root)


def image(bench):
    """The folder with vmlinuz, initrd.img and root.img."""
    try:
        codename, mirror = release()
        packages = [*PACKAGES, *libraries(bench)]
        return kept("machine", [codename, *packages, INIT.read_text(encoding="utf-8")],
                    lambda folder: make_image(folder, codename, mirror, packages), bench.cache)
    except Unavailable as error:
        raise Skip(str(error)) from error


def payload(bench):
    """The programs, and what the machine does with them, as a read-only disk."""
    staging = bench.scratch / "payload"
    staging.mkdir()
    for program in (bench.daemon, bench.client, GUEST):
        shutil.copy(program, staging)
    shutil.copytree(TOP / "test/sandbox", staging / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
    target = bench.scratch / "payload.img"
    with open(target, "wb") as file:
        file.truncate(128 << 20)
    run(find("mkfs.ext4"), "-q", "-F", "-d", staging, target)
    return target


# The machine


class Report:
    """What a boot has told: the last word of `end`, and whether the power was cut."""

    def __init__(self, facts, writes, was_cut, console):
        self.facts, self.writes, self.was_cut, self.console = facts, writes, was_cut, console
        self.end = next((fact for fact in reversed(facts) if "end" in fact), {})

    def data(self, name):
        return zlib.decompress(base64.b64decode(self.end[name]))

    def last_console(self):
        return " | ".join(self.console.splitlines()[-8:])


class Machine:
    """A disk with a sandbox on it, and boots of it."""

    def __init__(self, bench, file_system):
        require("qemu-system-x86_64", "debootstrap", "mkfs.ext4")
        self.bench = bench
        self.file_system = file_system
        # An emulated processor takes a minute for each console.
        self.engine = "console" if has_kvm() else "native"
        self.image = bench.once("power: image", lambda: image(bench))
        self.payload = bench.once("power: payload", lambda: payload(bench))
        self.base = bench.scratch / f"base-{file_system}.img"
        with open(self.base, "wb") as file:
            file.truncate(DISK_BYTES)
        make_file_system(file_system, self.base)
        self.prepared = self.boot(self.base, "prepare")
        if self.prepared.end.get("end") != "prepared":
            raise RuntimeError(f"the sandbox could not be made on {file_system}: {self.prepared.end} {self.prepared.last_console()}")

    @contextlib.contextmanager
    def disk(self, image=None):
        """A copy of that disk, or of the one with the sandbox."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="disk-", dir=self.bench.scratch))
        try:
            run("cp", "--reflink=auto", "--sparse=always", image or self.base, folder / "disk.img")
            yield folder / "disk.img"
        finally:
            shutil.rmtree(folder)

    def boot(self, disk, what, limit=None, seed=None):
        """Runs the machine until it switches itself off, or until the power goes, with the write of that number."""
        with tempfile.TemporaryDirectory(prefix="boot-", dir=self.bench.scratch) as folder:
            folder = pathlib.Path(folder)
            machine = None
            server = VolatileDisk(disk, folder / "disk", limit, seed, lambda: machine.kill())
            accelerated = has_kvm()
            seconds = BOOT_LIMIT_S * (1 if accelerated else 4)
            words = [
                find("qemu-system-x86_64"), "-machine", "pc", "-accel", "kvm" if accelerated else "tcg,thread=multi",
                "-cpu", "host" if accelerated else "max", "-m", str(MEMORY_MIB), "-nodefaults", "-display", "none", "-no-reboot",
                "-kernel", self.image / "vmlinuz", "-initrd", self.image / "initrd.img",
                "-append", f"root=/dev/vda ro init=/init.sh console=ttyS0 panic=-1 mitigations=off "
                f"power.do={what} power.type={self.file_system} power.engine={self.engine} power.patience={seconds // 2}",
                "-drive", f"if=virtio,format=raw,readonly=on,file={self.image / 'root.img'}",
                "-drive", f"if=virtio,format=raw,readonly=on,file={self.payload}",
                "-drive", f"if=virtio,format=raw,cache=writeback,file=nbd+unix:///?socket={folder / 'disk'}",
                "-serial", f"file:{folder / 'console'}", "-serial", f"file:{folder / 'report'}"]
            machine = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=open(folder / "errors", "wb"), start_new_session=True)
            try:
                self._wait(machine, seconds)
            finally:
                machine.kill()
                machine.wait()
                server.close()
            console = (folder / "console").read_text(encoding="utf-8", errors="replace") if (folder / "console").exists() else ""
            console += (folder / "errors").read_text(encoding="utf-8", errors="replace")
            return Report(read_report(folder / "report"), server.writes, server.was_cut, console)

    def _wait(self, machine, seconds):
        deadline = time.monotonic() + seconds
        while machine.poll() is None:
            if self.bench.stopping.wait(0.05):
                raise Stopped
            if time.monotonic() > deadline:
                raise Lost(f"the machine had not come to an end after {seconds} s")


def read_report(path):
    """The facts; of a machine that was cut off the last line may be a part of one."""
    facts = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        with contextlib.suppress(ValueError):
            facts.append(json.loads(line))
    return facts
