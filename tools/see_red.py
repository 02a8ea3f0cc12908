#!/usr/bin/env python3
"""Sees each behaviour test red: switches a behaviour off in the source, builds, and expects the tests named for it to fail.

usage: see_red.py [--check | --list] [--only TEXT] [--again] [--jobs N] [--with PREFIX] [--minutes N] [--write] [NAME ...]
tests/mutations.yaml holds the mutations; each is
  - name: exact-beats-prefix                sentence or name, unique
    file: src/route/path_entries.cc         one source
    search: "..."                           occurs exactly once in it
    replace: "..."                          what switches the behaviour off; it must compile
    tests: [scenario:routing/exact-beats-prefix.yaml, unit_route:PathEntries.*]
A test is one of
  scenario:FILE, wire:FILE                 a file of cases; a .py file is a program of its own
  wire:PROGRAM.py CASE, grpc:run.py CASE   one case of a program
  deploy:FILE.py CASE                      one test of what is deployed
  apiserver:CASE, certmanager:CASE         one case against a real API server
  oauth2proxy:run.py                       the real oauth2-proxy
  PROGRAM:FILTER                           a GoogleTest program, also golden_compile
All of a mutation's tests must be green without it and red with it. --check compares the list with the sources and builds
nothing; it also asks for a mutation of each test that docs/seed-coverage.md names and of each scenario.

Works in a worktree of its own, build/see_red/tree, on the committed state, and never touches the checkout. Mutated sources
are compiled alone, all others in unity batches, so that a mutation costs one compilation and one link. What was seen is kept
in tests/seen_red.json, which is committed, and counts for as long as the mutation, its source and its tests stay as they
were: a run that was stopped goes on where it ended (--again forgets). --write puts what was seen into docs/seen-red.md.
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
SEEN = ROOT / "tests/seen_red.json"
TEST_SECONDS = 400
PAGE = ROOT / "docs/seen-red.md"
COVERAGE = ROOT / "docs/seed-coverage.md"
FILES = ("scenario", "wire", "grpc", "deploy", "oauth2proxy")  # kinds of tests that are files
CLUSTER = ("apiserver", "certmanager")  # cases against an API server
# Small enough for a mutation, large enough to notice one.
SIZES = {"WEIR_CHURN": "100 20"}


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


def cluster_cases():
    """Function of each case against an API server -> its sentence."""
    text = "".join(p.read_text() for p in sorted((ROOT / "tests/apiserver").glob("cases_*.py")))
    return {name: sentence for sentence, name in re.findall(r'^@case\(\s*"([^"]+)"\)\s*^def (\w+)\(', text, re.M)}


def test_problem(test, cache={}):
    """What is wrong with the name of a test, or None."""
    kind, _, rest = test.partition(":")
    if kind in CLUSTER:
        return None if rest in cluster_cases() else f"{test}: no such case"
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


# --- what must be there

def as_test(name):
    """The kind of test, and what its list entry must match, of a name in docs/seed-coverage.md."""
    path, _, case = name.removeprefix("tests/").partition("::")
    kind, _, rest = path.partition("/")
    if kind == "golden":
        return "golden_compile", "x." + re.sub(r"\W", "_", rest)
    if kind == "unit":
        return "unit_" + rest.split("/")[0], case
    if kind == "apiserver":
        kind = "certmanager" if rest == "cases_certmanager.py" else kind
        return kind, next((n for n, sentence in cluster_cases().items() if sentence == case), case)
    return kind, f"{rest} {case}" if case.isidentifier() else rest


def is_named(name, entries):
    kind, rest = as_test(name)
    if kind.startswith("unit_") or kind == "golden_compile":
        patterns = [one for entry in entries if entry.startswith(kind + ":") for one in entry.split(":")[1:]]
        return any(fnmatch.fnmatchcase(rest, p if "." in p or p.startswith("*") else p + "*") or
                   ("." not in rest and rest in p) for p in patterns)
    return f"{kind}:{rest}" in entries


def tests_without_a_mutation(mutations):
    entries = {test for m in mutations for test in m["tests"]}
    names = set(re.findall(r"`(tests/[^`]+)`", COVERAGE.read_text()))
    names.update(str(p.relative_to(ROOT)) for p in (ROOT / "tests/scenario").rglob("*.yaml"))
    return [f"{name}: no mutation has been seen by it" for name in sorted(names) if not is_named(name, entries)]


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
    return problems + tests_without_a_mutation(mutations)


# --- what was seen

def digest(mutation, root):
    """Changes with the mutation, its source and its tests."""
    h = hashlib.sha256(json.dumps(mutation, sort_keys=True).encode())
    paths = [root / mutation["file"]]
    for test in mutation["tests"]:
        kind, _, rest = test.partition(":")
        if kind in CLUSTER:
            paths += [p for p in sorted((root / "tests/apiserver").glob("cases_*.py")) if f"def {rest}(" in p.read_text()]
        elif kind in FILES:
            paths.append(root / "tests" / kind / rest.split()[0])
        else:
            paths += sorted((root / folder_of(kind)).rglob("*.*"))
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

    def was_red(self, mutation):
        """Red once with these tests, whatever has changed since."""
        entry = self.seen.get(mutation["name"], {})
        return entry.get("problem") == "" and entry.get("tests", mutation["tests"]) == mutation["tests"]

    def add(self, mutation, problem, commit):
        self.seen[mutation["name"]] = {"digest": digest(mutation, TREE), "problem": problem or "", "commit": commit,
                                      "tests": mutation["tests"]}
        WORK.mkdir(parents=True, exist_ok=True)
        (WORK / SEEN.name).write_text(json.dumps(self.seen, indent=1, sort_keys=True) + "\n")
        (WORK / SEEN.name).rename(SEEN)


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
        programs = sorted({"weir" if t.split(":")[0] in FILES + CLUSTER else t.split(":")[0] for t in tests})
        return run([*self.prefix, "ninja", "-C", BUILD, "-j", self.jobs, *programs])

    def passes(self, test):
        """Whether the test is green. A test that hangs is red; one that runs nothing is a mistake of the list."""
        kind, rest = test.split(":", 1)
        environment = {**os.environ, **SIZES, "PYTHONDONTWRITEBYTECODE": "1", "WEIR_PROGRAM": str(BUILD / "weir")}
        if kind in CLUSTER:
            command = [sys.executable, TREE / "tests/apiserver/run.py", "--weir", BUILD / "weir", "--suite", kind, rest]
        elif kind == "deploy":
            tools = run([TREE / "tests/deploy/fetch_tools"]).stdout.splitlines()[-1]
            environment["PATH"] = tools + ":" + os.environ["PATH"]
            command = [sys.executable, TREE / "tests/deploy" / rest.split()[0], "-k", rest.split()[1]]
        elif kind in FILES and rest.split()[0].endswith(".py"):
            program, *case = rest.split(" ")
            command = [sys.executable, TREE / "tests" / kind / program, "--weir", BUILD / "weir", *case]
        elif kind in FILES:
            command = [sys.executable, TREE / "tests" / kind / "run.py", "--weir", BUILD / "weir", TREE / "tests" / kind / rest]
        else:
            found = [p for p in BUILD.rglob(kind) if p.is_file() and os.access(p, os.X_OK)]
            command = [found[0], f"--gtest_filter={rest}"]
        try:
            done = run(command, timeout=TEST_SECONDS, env=environment)
        except subprocess.TimeoutExpired:
            return False
        if "[==========] Running 0 tests" in done.stdout or "Ran 0 tests" in done.stdout:
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
    before = [m for m in rest if record.was_red(m)]
    rest = [m for m in rest if m not in before]
    lines = ["# Behaviour tests that were seen red", "",
             "Written by `tools/see_red.py --write`: each behaviour below was switched off in the source, the program built, and each test named",
             f"for it failed; without the change all of them pass. {len(red)} of the {len(mutations)} entries of `tests/mutations.yaml`.", "",
             "| switched off | in | tests that failed |", "| --- | --- | --- |"]
    lines += [f"| {m['name']} | `{m['file']}` | {', '.join(m['tests'])} |" for m in red]
    if before:
        lines += ["", "Seen red too, but before the last change of their source or of their tests:", "",
                  "| switched off | in | tests that failed |", "| --- | --- | --- |"]
        lines += [f"| {m['name']} | `{m['file']}` | {', '.join(m['tests'])} |" for m in before]
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
    # What was never seen comes first; then files next to each other: the least is built anew.
    left.sort(key=lambda m: (m["name"] in record.seen, sorted(t.split(":")[0] for t in m["tests"]), m["file"]))
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
