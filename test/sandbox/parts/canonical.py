# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree and a database in words that are the same whenever what they mean is the same."""

import hashlib
import os
import re
import stat
import subprocess

from .server import ServerError, find_program

RANDOM_SUFFIX = re.compile(rb"(?<![0-9a-fA-F])[0-9a-f]{32}(?![0-9a-fA-F])")
# Written anew by each run, with times in them.
LOG = re.compile(rb"(^|/)upgrade_log[^/]*\.txt$")
DUMP = re.compile(rb"(^|/)m3_upgrade_db_backup[^/]*$")


def show(name):
    """Printable, on one line, without loss."""
    return "".join(chr(byte) if 32 < byte < 127 and byte != 92 else f"\\x{byte:02x}" for byte in name)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def describe(root, label, base, normalize, renamed):
    """One line per entry, in order of names: path, type, mode, link target or size and hash of the content."""
    seen = {}
    lines = []

    def visit(path, relative):
        status = os.lstat(path)
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        name = RANDOM_SUFFIX.sub(b"RANDOM", relative)
        text = f"{label}{show(name)}"
        if stat.S_ISLNK(status.st_mode):
            lines.append(f"{text} link -> {show(os.readlink(path).replace(base, b'@DIR@'))}")
        elif stat.S_ISDIR(status.st_mode):
            lines.append(f"{text}/ folder {mode}")
            for child in sorted(os.listdir(path)):
                visit(os.path.join(path, child), os.path.join(relative, child))
        elif not stat.S_ISREG(status.st_mode):
            lines.append(f"{text} special {stat.S_IFMT(status.st_mode):o} {mode}")
        elif status.st_nlink > 1 and (status.st_dev, status.st_ino) in seen:
            lines.append(f"{text} same file as {seen[status.st_dev, status.st_ino]}")
        else:
            seen[status.st_dev, status.st_ino] = text
            if LOG.search(name):
                content = "upgrade log"
            elif DUMP.search(name):
                content = "backup"
            else:
                with open(path, "rb") as file:
                    data = file.read()
                for name, other in renamed.items():
                    data = data.replace(name.encode(), other.encode())
                data = RANDOM_SUFFIX.sub(b"RANDOM", data.replace(base, b"@DIR@")) if normalize else data
                content = hashlib.sha256(data).hexdigest()
            lines.append(f"{text} file {mode} {content}")

    visit(os.fsencode(root), b"")
    return sorted(lines)


def tree(folder, ignored=(), renamed=None):
    """The site and what its links lead to. `ignored`: regular expressions of paths that do not count; `renamed`: words in the
    files that are taken for others."""
    renamed = {name: other for name, other in (renamed or {}).items() if name != other}
    base = os.fsencode(folder)
    lines = describe(os.path.join(folder, "site"), "site/", base, True, renamed)
    outside = os.path.join(folder, "outside-files")
    if os.path.isdir(outside):
        lines += describe(outside, "outside-files/", base, True, renamed)
    patterns = [re.compile(pattern) for pattern in ignored]
    return [line for line in lines if not any(pattern.search(line) for pattern in patterns)]


def dump(server, database, prefix, called=None):
    """Without what differs between two runs, e.g. when a migration was executed. A prefix of None: with all of that. `called`:
    the name that the schema is given in it."""
    command = [
        find_program("mariadb-dump", "mysqldump"), "--no-defaults", f"--socket={server.socket}", "--user=root",
        "--default-character-set=utf8mb4", "--skip-comments", "--skip-dump-date", "--skip-extended-insert", "--skip-add-locks",
        "--skip-disable-keys", "--skip-lock-tables", "--order-by-primary", "--hex-blob", "--complete-insert",
        "--routines", "--triggers", "--events", database,
    ]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise ServerError(done.stderr.decode(errors="replace").strip())
    if prefix is None:
        return done.stdout
    lines = []
    executed = f"INSERT INTO `{prefix}migrations` ".encode()
    for line in done.stdout.split(b"\n"):
        if line.startswith(b"/*M!"):
            continue
        if line.startswith(executed):
            line = re.sub(rb"'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d'", b"'EXECUTED AT'", line)
        elif line.startswith(b"/*!50001 VIEW "):
            # The server names the schema in front of a column or not, as the view was made.
            line = line.replace(f"`{database}`.".encode(), b"")
        elif line.startswith(b") ENGINE="):
            line = re.sub(rb" AUTO_INCREMENT=\d+", b"", line)
        lines.append(line.replace(f"`{database}`".encode(), f"`{called or database}`".encode()))
    return b"\n".join(lines)
