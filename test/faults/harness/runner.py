# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the cases of all parts and tells how they ended."""

import argparse
import collections
import concurrent.futures
import hashlib
import importlib
import json
import os
import pathlib
import pkgutil
import signal
import sys
import threading
import time
import traceback

from .bench import TOP, Bench
from .outcome import Lost, Outcome, Skip, Stopped

COLUMNS = (("tried", "faults tried"), (Outcome.RIGHT_END, "resumed to the right end"),
           (Outcome.FAILED_RIGHTLY, "failed with the right code, resumable"), (Outcome.SKIPPED, "skipped"), (Outcome.LOST, "lost"))
KEPT_EACH = 50  # cases between two writes of the JSON file


def parse(words):
    parser = argparse.ArgumentParser(prog="run", description="Harms an upgrade in every way and looks whether the site is lost.")
    parser.add_argument("build", nargs="?", default=os.environ.get("BUILD", TOP / "build"), help="build folder (default: build)")
    parser.add_argument("--all", action="store_true", dest="everything", help="every kind of case; without it a sample")
    parser.add_argument("--every-act", action="store_true", help="with --all: at every act that changes something, not at some of each kind in each "
                        "stage (days)")
    parser.add_argument("--only", metavar="PART[,PART]", help="these parts alone")
    parser.add_argument("--match", metavar="TEXT", help="only cases with this text in their names")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth case of each part")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="so many cases at a time (default: processors)")
    parser.add_argument("--json", metavar="FILE", help="write every case and how it ended")
    parser.add_argument("--resume", action="store_true", help="go on with the run whose cases the JSON file holds; what it lost or skipped is tried again")
    parser.add_argument("--tap", action="store_true", help="TAP instead of the table on standard output")
    parser.add_argument("--list", action="store_true", help="name the cases, try nothing (what needs a trace runs the site once)")
    parser.add_argument("--keep", action="store_true", help="keep the box of a lost case")
    parser.add_argument("--cache", metavar="FOLDER", help="where the virtual machine's image is kept (default: below $XDG_CACHE_HOME)")
    parser.add_argument("--scratch", metavar="FOLDER", help="where to work (default: /dev/shm when it has room, else the folder for temporary files)")
    arguments = parser.parse_args(words)
    if arguments.resume and not arguments.json:
        parser.error("--resume needs --json FILE, of the run that is to go on")
    return arguments


def parts_named(only):
    """{name: module} in the order of their names, or as asked for."""
    import parts  # pylint: disable=import-outside-toplevel

    known = sorted(module.name for module in pkgutil.iter_modules(parts.__path__))
    names = only.split(",") if only else known
    for name in names:
        if name not in known:
            raise SystemExit(f"there is no part {name}, but: {', '.join(known)}")
    return {name: importlib.import_module(f"parts.{name}") for name in names}


class Result:
    def __init__(self, part, name, outcome, words="", seconds=0.0, case=None):
        self.part, self.name, self.outcome, self.words, self.seconds = part, name, outcome, words, seconds
        self.case = case or name  # the case that it comes from


class Progress:
    """One line a case on standard error; at a terminal only what is not as it should be stays."""

    def __init__(self, total):
        self.total = total
        self.done = 0
        self.lost = 0
        self.terminal = sys.stderr.isatty()
        self.lock = threading.Lock()

    def tell(self, results):
        with self.lock:
            self.done += 1
            for result in results:
                self._tell_one(result)

    def _tell_one(self, result):
        self.lost += result.outcome is Outcome.LOST
        line = f"{self.done}/{self.total} {result.part}: {result.name}: {result.outcome.value} ({result.seconds:.1f} s)"
        if result.words:
            line += "\n    " + result.words.replace("\n", "\n    ")
        if not self.terminal:
            print(line, file=sys.stderr, flush=True)
            return
        if result.outcome is Outcome.LOST:
            print(f"\r\033[K{line}", file=sys.stderr)
        print(f"\r\033[K{self.done}/{self.total}, {self.lost} lost; {result.part}: {result.name}"[:110], end="",
              file=sys.stderr, flush=True)

    def end(self):
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def try_case(bench, part, case, progress):
    """Its Results: one, or one for each fault that the case's site took. None when the run is being ended."""
    begin = time.monotonic()
    words = ""
    try:
        bench.check_stop()
        outcome = case.run(bench)
    except Stopped:
        return []
    except Skip as skip:
        outcome, words = Outcome.SKIPPED, str(skip)
    except Lost as lost:
        outcome, words = Outcome.LOST, str(lost)
    except Exception as error:  # pylint: disable=broad-except  (what is not understood is no proof)
        if bench.stopping.is_set():
            return []
        outcome, words = Outcome.LOST, f"{error}\n{traceback.format_exc()}".strip()
    outcomes = outcome if isinstance(outcome, list) else [(case.name, outcome)]
    seconds = (time.monotonic() - begin) / max(len(outcomes), 1)
    results = [Result(part, name, outcome, words, seconds, case.name) for name, outcome in outcomes]
    for result in results:
        if not isinstance(result.outcome, Outcome):
            result.outcome, result.words = Outcome.LOST, f"the case does not say how it ended: {result.outcome!r}"
    progress.tell(results)
    return results


def choose(bench, modules, arguments):
    """[(part, case)], and Results for parts that can't be tried at all."""
    chosen, results = [], []
    for part, module in modules.items():
        try:
            cases = module.cases(bench, arguments.everything)
        except Skip as skip:
            results.append(Result(part, "all of it", Outcome.SKIPPED, str(skip)))
            continue
        except Lost as lost:
            results.append(Result(part, "an undisturbed run", Outcome.LOST, str(lost)))
            continue
        cases = [case for case in cases if (arguments.everything or case.sampled)
                 and (not arguments.match or arguments.match in case.name)]
        chosen += [(part, case) for case in cases[::arguments.every]]
    return chosen, results


def run_all(bench, chosen, jobs, keep):
    """The Results of all cases; keep() is told of those so far, now and then."""
    progress = Progress(len(chosen))
    results = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool:
        futures = [pool.submit(try_case, bench, part, case, progress) for part, case in chosen]
        try:
            for number, future in enumerate(futures, 1):
                results += future.result()
                if number % KEPT_EACH == 0:
                    keep(results)
        except KeyboardInterrupt:
            bench.stopping.set()
            for future in futures:
                future.cancel()
            concurrent.futures.wait(futures)
            results = [result for future in futures if not future.cancelled() for result in future.result()]
    progress.end()
    return results


def table(modules, results):
    lines = []
    rows = []
    for part, module in modules.items():
        counts = collections.Counter(result.outcome for result in results if result.part == part)
        counts["tried"] = sum(counts.values()) - counts[Outcome.SKIPPED]
        rows.append([module.TITLE, *(str(counts[key]) for key, _ in COLUMNS)])
    if len(rows) > 1:
        rows.append(["all", *(str(sum(int(row[column]) for row in rows)) for column in range(1, len(COLUMNS) + 1))])
    rows.insert(0, ["part", *(title for _, title in COLUMNS)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
        lines.append("| " + " | ".join(cells) + " |")
        if number == 0:
            lines.append("| " + " | ".join(["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]) + " |")
    skipped = collections.Counter((result.part, result.words) for result in results if result.outcome is Outcome.SKIPPED)
    lines += [f"skipped in {part}: {count} ({words})" for (part, words), count in skipped.items()]
    lines += [f"LOST in {result.part}: {result.name}: {result.words}" for result in results if result.outcome is Outcome.LOST]
    return lines


def print_tap(results, lines):
    for number, result in enumerate(results, 1):
        failed = result.outcome is Outcome.LOST
        skip = f" # skip {result.words.splitlines()[0]}" if result.outcome is Outcome.SKIPPED else ""
        print(f"{'not ok' if failed else 'ok'} {number} - faults, {result.part}: {result.name.replace('#', '')}{skip}")
    for line in "\n".join(lines).splitlines():
        print(f"# {line}")
    print(f"1..{len(results)}")


class Record:
    """The run's JSON file: what a later run of the same programs may go on from."""

    def __init__(self, bench, arguments):
        self.path = arguments.json and pathlib.Path(arguments.json)
        self.everything = arguments.everything
        self.begin = time.monotonic()
        self.programs = hashlib.sha256(b"".join(path.read_bytes() for path in (bench.daemon, bench.client))).hexdigest()
        self.former, self.former_seconds = [], 0.0
        if arguments.resume:
            self._take_over()

    def _take_over(self):
        try:
            value = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        if value["programs"] != self.programs:
            raise SystemExit(f"{self.path} is of other programs than those in the build folder")
        self.former_seconds = value["seconds"]
        found = [Result(each["part"], each["name"], Outcome[each["outcome"].upper()], each["words"], each["seconds"], each["case"])
                 for each in value["cases"]]
        again = {(result.part, result.case) for result in found if result.outcome in (Outcome.LOST, Outcome.SKIPPED)}
        self.former = [result for result in found if (result.part, result.case) not in again]

    def remaining(self, chosen):
        known = {(result.part, result.case) for result in self.former}
        return [(part, case) for part, case in chosen if (part, case.name) not in known]

    def seconds(self):
        return self.former_seconds + time.monotonic() - self.begin

    def write(self, results):
        if not self.path:
            return
        value = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "seconds": round(self.seconds(), 1),
            "everything": self.everything, "programs": self.programs,
            "cases": [{"part": result.part, "case": result.case, "name": result.name, "outcome": result.outcome.name.lower(), "words": result.words,
                       "seconds": round(result.seconds, 2)} for result in self.former + results],
        }
        new = self.path.with_name(self.path.name + ".new")
        new.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
        new.replace(self.path)


def main(words=None):
    arguments = parse(words)
    modules = parts_named(arguments.only)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    bench = Bench(arguments.build, arguments.every_act, arguments.keep, arguments.scratch, arguments.cache)
    try:
        chosen, results = choose(bench, modules, arguments)
        if arguments.list:
            print("\n".join(f"{part}: {case.name}" for part, case in chosen))
            for result in results:
                print(f"{result.part}: {result.name}: {result.outcome.value}: {result.words}", file=sys.stderr)
            return 1 if any(result.outcome is Outcome.LOST for result in results) else 0
        record = Record(bench, arguments)
        results += run_all(bench, record.remaining(chosen), arguments.jobs, record.write)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    finally:
        bench.close()
    record.write(results)
    results = record.former + results
    lines = [*table(modules, results), f"{record.seconds():.0f} s"]
    if bench.stopping.is_set():
        lines.append("Stopped before its end.")
    if arguments.tap:
        print_tap(results, lines)
    else:
        print("\n".join(lines))
    if bench.stopping.is_set():
        return 130
    return 1 if not results or any(result.outcome is Outcome.LOST for result in results) else 0
