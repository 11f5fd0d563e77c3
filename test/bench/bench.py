# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks share: rounds in which each program has its turn, medians, ratios round by round, how a figure
grows with a size, tables, and JSON with the machine beside it. Standard library alone.

Two figures are only compared when they were measured in turn in one session: a ratio is the median of the ratios of the
rounds, and its least and most stand beside it.
"""

import argparse
import datetime
import json
import math
import os
import pathlib
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
SKIPPED = 77


class Skip(Exception):
    """What is missing; the part ends with SKIPPED and says so."""


def options(part, text, sizes, quick_sizes, runs=5):
    """The command line of a part: BUILD [--sizes N,…] [--runs N] [--quick] [--folder DIR] [--json FILE]."""
    parser = argparse.ArgumentParser(prog=part, description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=lambda name: pathlib.Path(name).resolve())
    parser.add_argument("--sizes", metavar="N[,N…]", help=f"default {sizes}, with --quick {quick_sizes}")
    parser.add_argument("--runs", type=int, help=f"rounds; default {runs}, with --quick 1")
    parser.add_argument("--quick", action="store_true", help="only whether it works: the figures mean nothing")
    parser.add_argument("--folder", type=pathlib.Path, help="on which file system (default: that of temporary files)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    arguments = parser.parse_args()
    arguments.runs = arguments.runs or (1 if arguments.quick else runs)
    arguments.sizes = [float(size) for size in (arguments.sizes or (quick_sizes if arguments.quick else sizes)).split(",")]
    return arguments


def need(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        raise Skip(f"{', '.join(missing)} not installed")


def there(cases, programs):
    """The cases whose program ({name: program}) is installed; the others are named on stderr."""
    missing = sorted({program for name, program in programs.items() if name in cases and not shutil.which(program)})
    if missing:
        print(f"not installed, left out: {', '.join(missing)}", file=sys.stderr)
    return {name: case for name, case in cases.items() if name not in programs or shutil.which(programs[name])}


def scratch(part, arguments):
    return tempfile.TemporaryDirectory(prefix=f"bench-{part}-", dir=arguments.folder)


def seconds_of(command, **options_of_run):
    begin = time.monotonic()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **options_of_run)
    return time.monotonic() - begin


def sync(folder):
    subprocess.run(["sync", "-f", folder], check=True)


def rounds(cases, runs):
    """{name: one figure of each round}; a case is called without arguments and returns its figure. The first of a round
    is another one in each, so that none always comes upon what the others left in the caches."""
    found = {name: [] for name in cases}
    for number in range(runs):
        names = list(cases)
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            found[name].append(cases[name]())
    return found


def figures(found, base, **more):
    """A row for each case: its median, and how many times base's it is, round by round."""
    rows = []
    for name, values in found.items():
        ratios = [value / own if own else math.inf for value, own in zip(values, found[base])]
        rows.append({**more, "case": name, "median": statistics.median(values), "runs": [round(value, 6) for value in values],
                     "ratio": statistics.median(ratios), "ratio_least": min(ratios), "ratio_most": max(ratios)})
    return rows


def exponents(rows, size="size"):
    """{case: k}, where the median grows as size ^ k: the slope of least squares, both logarithmic."""
    found = {}
    for name in dict.fromkeys(row["case"] for row in rows):
        points = [(math.log(row[size]), math.log(row["median"])) for row in rows if row["case"] == name and row["median"] > 0]
        if len({at for at, _ in points}) > 1:
            found[name] = round(statistics.linear_regression(*zip(*points)).slope, 2)
    return found


def number(value):
    if not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"


def table(rows, columns):
    """columns: {key: heading}. Text is set to the left, numbers to the right."""
    cells = [[heading for heading in columns.values()]] + [[number(row.get(key, "")) for key in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    left = [all(isinstance(row.get(key, ""), str) for row in rows) for key in columns]
    for line in cells:
        print("  ".join(cell.ljust(width) if is_left else cell.rjust(width)
                        for cell, width, is_left in zip(line, widths, left)).rstrip())


COMPARED = {"size": "size", "case": "what", "median": "median", "ratio": "ratio", "ratio_least": "least", "ratio_most": "most"}


def version(*command):
    try:
        text = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=20)
    except OSError:
        return None
    return ((text.stdout or text.stderr).strip().splitlines() or [None])[0]


def machine(folder):
    """What the figures depend on."""
    def first(path, pattern):
        found = re.search(pattern, pathlib.Path(path).read_text(encoding="utf-8"), re.M)
        return found[1] if found else None
    programs = {"mariadb": ["mariadbd", "--version"], "php": ["php", "--version"], "mydumper": ["mydumper", "--version"],
                "unzip": ["unzip", "-v"], "bsdtar": ["bsdtar", "--version"], "h2load": ["h2load", "--version"],
                "commit": ["git", "-C", str(TOP), "describe", "--always", "--dirty"]}
    return {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "kernel": platform.release(),
            "system": first("/etc/os-release", r'^PRETTY_NAME="?([^"\n]+)'), "cpus": os.cpu_count(),
            "cpu": first("/proc/cpuinfo", r"^model name\s*: (.*)"), "memory_kb": int(first("/proc/meminfo", r"^MemTotal:\s+(\d+)")),
            "file_system": version("findmnt", "-n", "-o", "FSTYPE", "-T", str(folder)), "load_average": os.getloadavg()[0],
            "versions": {name: version(*command) for name, command in programs.items()}}


def report(arguments, part, **content):
    """Writes the JSON of a part, when that is asked for."""
    if arguments.json:
        result = {"part": part, "quick": arguments.quick, "machine": machine(arguments.folder or tempfile.gettempdir()), **content}
        arguments.json.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def end_by_signal():
    """SIGTERM ends the program as Ctrl-C does: what was started is stopped, what was made goes."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))


def run_part(main):
    """Ends the program with what main returns (None: 0)."""
    end_by_signal()
    try:
        sys.exit(main() or 0)
    except Skip as missing:
        print(f"skipped: {missing}")
        sys.exit(SKIPPED)
