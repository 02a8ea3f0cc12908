#!/usr/bin/env python3
"""Sees each behaviour test red: switches a behaviour off in the source, builds, and expects the tests named for it to fail.

usage: see_red.py [--check | --list] [--only TEXT] [--again] [--jobs N] [--with PREFIX] [--minutes N] [--write] [NAME ...]
tests/mutations.yaml holds the mutations; each is
  - name: exact-beats-prefix                sentence or name, unique
    file: src/route/path_entries.cc         one source
    search: "..."                           occurs exactly once in it
    replace: "..."                          what switches the behaviour off; it must compile
    tests: [scenario:routing/exact-beats-prefix.yaml, unit_route:PathEntries.*]
A test is scenario:FILE, wire:FILE, wire:PROGRAM.py CASE, grpc:run.py CASE or PROGRAM:FILTER (a GoogleTest program, also
golden_compile). All of a mutation's tests must be green without it and red with it. --check compares the list with the
sources and builds nothing.

Works in a worktree of its own, build/see_red/tree, on the committed state, and never touches the checkout. Mutated sources
are compiled alone, all others in unity batches, so that a mutation costs one compilation and one link. What was seen is kept
in build/see_red/seen.json and counts for as long as the mutation, its source and its tests stay as they were: a run that was
stopped goes on where it ended (--again forgets). --write puts what was seen into docs/seen-red.md.
"""
import argparse
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build/see_red"
TREE = WORK / "tree"
BUILD = TREE / "build/release"
SEEN = WORK / "seen.json"
TEST_SECONDS = 240
PAGE = ROOT / "docs/seen-red.md"
FILES = ("scenario", "wire", "grpc")  # kinds of tests that are files


def run(command, cwd=TREE, timeout=None, **more):
    return subprocess.run([str(c) for c in command], cwd=cwd, timeout=timeout, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **more)


def must(command, cwd=TREE):
    done = run(command, cwd)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}")
    return done.stdout


def load():
    return yaml.safe_load((ROOT / "tests/mutations.yaml").read_text())


# --- the list against the sources

def folder_of(program):
    """Where the sources of a GoogleTest program are."""
    if program.startswith("unit_"):
        return f"tests/unit/{program[5:]}"
    return {"golden_compile": "tests/golden", "watch_fake_server": "tests/watch"}.get(program, "")


def gtest_names(folder):
    """Suite.Test of all tests below a folder; parameterised ones by their plain names."""
    names = set()
    for source in (ROOT / folder).rglob("*.cc"):
        names.update(f"{suite}.{test}" for suite, test in
                     re.findall(r"^\s*TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", source.read_text(), re.M))
    return names


def test_problem(test, cache={}):
    """What is wrong with the name of a test, or None."""
    kind, _, rest = test.partition(":")
    if kind in FILES:
        file, _, case = rest.partition(" ")
        path = ROOT / "tests" / kind / file
        if not path.is_file():
            return f"{test}: no such file"
        return None if not case or f"def {case}(" in path.read_text() else f"{test}: no such case"
    folder = folder_of(kind)
    if not folder or not (ROOT / folder).is_dir():
        return f"{test}: no such test program"
    if kind == "golden_compile":  # its tests are named after folders of cases
        if kind not in cache:
            below = [p.parent.relative_to(ROOT / folder).parts for p in (ROOT / folder).rglob("in.yaml")]
            cache[kind] = {"x." + re.sub(r"\W", "_", "_".join(parts)) for parts in below}
    elif kind not in cache:
        cache[kind] = gtest_names(folder)
    for one in rest.split(":"):
        pattern = one if "." in one or one.startswith("*") else one + "*"
        if not any(fnmatch.fnmatchcase(name, pattern) for name in cache[kind]):
            return f"{test}: {one} matches no test"
    return None


def list_problems(mutations):
    problems = []
    names = [m["name"] for m in mutations]
    problems += [f"{name}: the name occurs twice" for name in sorted({n for n in names if names.count(n) > 1})]
    for m in mutations:
        path = ROOT / m["file"]
        count = path.read_text().count(m["search"]) if path.is_file() else 0
        if count != 1:
            problems.append(f"{m['name']}: the text to replace occurs {count} times in {m['file']}")
        if m["search"] == m["replace"]:
            problems.append(f"{m['name']}: nothing is changed")
        if not m["tests"]:
            problems.append(f"{m['name']}: names no test")
        problems += [f"{m['name']}: {problem}" for problem in map(test_problem, m["tests"]) if problem]
    return problems


# --- what was seen

def digest(mutation, root):
    """Changes with the mutation, its source and its tests."""
    h = hashlib.sha256(json.dumps(mutation, sort_keys=True).encode())
    paths = [root / mutation["file"]]
    for test in mutation["tests"]:
        kind, _, rest = test.partition(":")
        paths += [root / "tests" / kind / rest.split()[0]] if kind in FILES else sorted((root / folder_of(kind)).rglob("*.*"))
    for path in paths:
        if path.is_file():
            h.update(path.read_bytes())
    return h.hexdigest()[:20]


class Record:
    def __init__(self, forget):
        self.seen = json.loads(SEEN.read_text()) if SEEN.exists() and not forget else {}

    def of(self, mutation):
        """None: not seen; else the problem's text, empty for red."""
        entry = self.seen.get(mutation["name"])
        return entry["problem"] if entry and entry["digest"] == digest(mutation, ROOT) else None

    def add(self, mutation, problem, commit):
        self.seen[mutation["name"]] = {"digest": digest(mutation, TREE), "problem": problem or "", "commit": commit}
        SEEN.parent.mkdir(parents=True, exist_ok=True)
        SEEN.with_suffix(".new").write_text(json.dumps(self.seen, indent=1))
        SEEN.with_suffix(".new").rename(SEEN)


# --- building and judging

class Workshop:
    def __init__(self, options):
        self.prefix = shlex.split(options.prefix)
        self.jobs = options.jobs

    def prepare(self, mutations):
        """A worktree of the committed state with a configured build."""
        commit = must(["git", "rev-parse", "HEAD"], ROOT).strip()
        if (TREE / ".git").exists():
            must(["git", "checkout", "-q", "--force", "--detach", commit])
        else:
            must(["git", "worktree", "prune"], ROOT)
            must(["git", "worktree", "add", "-q", "--force", "--detach", TREE, commit], ROOT)
        os.environ.setdefault("CCACHE_DIR", os.path.expanduser("~/.cache/weir-ccache"))
        os.environ.update(CCACHE_NOHASHDIR="1", CCACHE_BASEDIR=str(TREE))
        alone = ";".join(sorted({m["file"] for m in mutations}))
        must(["cmake", "--preset", "release", "-DWEIR_BUILD_TESTS=ON", "-DWEIR_BUILD_BENCH=OFF", "-DWEIR_UNITY=ON",
              f"-DWEIR_COMPILE_ALONE={alone}"])
        return commit

    def build(self, tests):
        programs = sorted({"weir" if t.split(":")[0] in FILES else t.split(":")[0] for t in tests})
        return run([*self.prefix, "ninja", "-C", BUILD, "-j", self.jobs, *programs])

    def passes(self, test):
        """Whether the test is green. A test that hangs is red; one that runs nothing is a mistake of the list."""
        kind, rest = test.split(":", 1)
        if kind in FILES and " " in rest:
            program, case = rest.split(" ")
            command = [sys.executable, TREE / "tests" / kind / program, "--weir", BUILD / "weir", case]
        elif kind in FILES:
            command = [sys.executable, TREE / "tests" / kind / "run.py", "--weir", BUILD / "weir", TREE / "tests" / kind / rest]
        else:
            found = [p for p in BUILD.rglob(kind) if p.is_file() and os.access(p, os.X_OK)]
            command = [found[0], f"--gtest_filter={rest}"]
        try:
            done = run(command, timeout=TEST_SECONDS, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        except subprocess.TimeoutExpired:
            return False
        if kind not in FILES and "[==========] Running 0 tests" in done.stdout:
            sys.exit(f"{test}: the filter matches no test")
        return done.returncode == 0

    def judge(self, mutation):
        """None when every test went red, else what is wrong."""
        path = TREE / mutation["file"]
        original = path.read_text()
        path.write_text(original.replace(mutation["search"], mutation["replace"]))
        try:
            built = self.build(mutation["tests"])
            if built.returncode:
                errors = [line for line in built.stdout.splitlines() if "error" in line]
                return "does not compile: " + " | ".join(errors[:3])
            green = [test for test in mutation["tests"] if self.passes(test)]
            return "still green: " + ", ".join(green) if green else None
        finally:
            path.write_text(original)


def write_page(mutations, record):
    red = [m for m in mutations if record.of(m) == ""]
    rest = [m for m in mutations if record.of(m) != ""]
    lines = ["# Behaviour tests that were seen red", "",
             "Written by `tools/see_red.py --write`: each behaviour below was switched off in the source, the program built, and each test named",
             f"for it failed; without the change all of them pass. {len(red)} of the {len(mutations)} entries of `tests/mutations.yaml`.", "",
             "| switched off | in | tests that failed |", "| --- | --- | --- |"]
    lines += [f"| {m['name']} | `{m['file']}` | {', '.join(m['tests'])} |" for m in red]
    if rest:
        lines += ["", "Not seen red yet: " + "; ".join(m["name"] for m in rest) + "."]
    PAGE.write_text("\n".join(lines) + "\n")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare the list with the sources and stop")
    parser.add_argument("--list", action="store_true", help="print the names, and what was seen, and stop")
    parser.add_argument("--only", metavar="TEXT", help="mutations whose name or file holds TEXT")
    parser.add_argument("--again", action="store_true", help="forget what was seen")
    parser.add_argument("--jobs", default=str(os.cpu_count()))
    parser.add_argument("--with", dest="prefix", metavar="PREFIX", default="", help="command put in front of each build")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no mutation after that long")
    parser.add_argument("--write", action="store_true", help="record the result in docs/seen-red.md")
    parser.add_argument("names", nargs="*", metavar="NAME")
    return parser.parse_args()


def main():
    options = arguments()
    began = time.monotonic()
    mutations = load()
    problems = list_problems(mutations)
    if problems or options.check:
        print("\n".join(problems) if problems else f"{len(mutations)} mutations fit the sources")
        return 1 if problems else 0
    chosen = [m for m in mutations if (not options.names or m["name"] in options.names) and
              (not options.only or options.only in m["name"] or options.only in m["file"])]
    record = Record(options.again)
    if options.list:
        words = {None: "not seen", "": "red"}
        print("\n".join(f"{words.get(record.of(m), record.of(m))}: {m['name']}" for m in chosen))
        return 0
    if not chosen:
        sys.exit("no such mutation")
    left = [m for m in chosen if record.of(m) != ""]
    # Files next to each other: the least is built anew.
    left.sort(key=lambda m: (sorted(t.split(":")[0] for t in m["tests"]), m["file"]))
    if left:
        work = Workshop(options)
        commit = work.prepare(mutations)
        tests = sorted({test for m in left for test in m["tests"]})
        print(f"{len(chosen)} mutations, {len(chosen) - len(left)} of them seen before; {len(tests)} tests without a mutation first", flush=True)
        built = work.build(tests)
        if built.returncode:
            sys.exit(built.stdout[-3000:])
        red_before = [test for test in tests if not work.passes(test)]
        if red_before:
            sys.exit("red without a mutation: " + ", ".join(red_before))
        for mutation in left:
            if time.monotonic() - began > options.minutes * 60:
                print("the time is over; the next run goes on here")
                break
            at = time.monotonic()
            problem = work.judge(mutation)
            record.add(mutation, problem, commit)
            print(f"{'RED  ' if problem is None else 'WRONG'} {mutation['name']} ({time.monotonic() - at:.0f} s)" +
                  (f": {problem}" if problem else ""), flush=True)
    red = sum(record.of(m) == "" for m in chosen)
    print(f"{red} of {len(chosen)} seen red")
    if options.write:
        write_page(mutations, record)
    return 0 if red == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
