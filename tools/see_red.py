#!/usr/bin/env python3
"""Sees each behaviour test red: switches a behaviour off in the source, builds, and expects the tests named for it to fail.

usage: see_red.py [--list] [--only TEXT] [--jobs N] [--write] [NAME ...]
tests/mutations.yaml holds the mutations; each is
  - name: exact-beats-prefix                sentence or name, unique
    file: src/route/path_entries.cc         one source or header
    search: "..."                           occurs exactly once in it
    replace: "..."                          what switches the behaviour off; it must compile
    tests: [scenario:routing/exact-beats-prefix.yaml, unit_route:PathEntries.*]
A test is scenario:FILE, wire:FILE or PROGRAM:FILTER (a GoogleTest program, also golden_compile). All of a mutation's tests
must be green without it and red with it. Works in a worktree of its own, build/see_red/tree, on the committed state, and
never touches the checkout. --write puts what was seen into docs/seen-red.md (only after a run of all mutations).
"""
import argparse
import os
import pathlib
import subprocess
import sys
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
TREE = ROOT / "build/see_red/tree"
BUILD = TREE / "build/release"
TEST_SECONDS = 240
PAGE = ROOT / "docs/seen-red.md"


def run(command, cwd=TREE, timeout=None, **more):
    return subprocess.run([str(c) for c in command], cwd=cwd, timeout=timeout, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **more)


def must(command, cwd=TREE):
    done = run(command, cwd)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}")
    return done.stdout


def prepare():
    """A worktree of the committed state with a configured release build."""
    commit = must(["git", "rev-parse", "HEAD"], ROOT).strip()
    if (TREE / ".git").exists():
        must(["git", "checkout", "-q", "--force", "--detach", commit])
    else:
        must(["git", "worktree", "prune"], ROOT)
        must(["git", "worktree", "add", "-q", "--force", "--detach", TREE, commit], ROOT)
    os.environ.setdefault("CCACHE_DIR", os.path.expanduser("~/.cache/weir-ccache"))
    os.environ.update(CCACHE_NOHASHDIR="1", CCACHE_BASEDIR=str(TREE))
    must(["cmake", "--preset", "release", "-DWEIR_BUILD_TESTS=ON", "-DWEIR_BUILD_BENCH=OFF"])
    return commit


def program_of(test):
    kind = test.split(":", 1)[0]
    return "weir" if kind in ("scenario", "wire") else kind


def build(tests, jobs):
    return run(["ninja", "-C", BUILD, "-j", jobs, *sorted({program_of(t) for t in tests})])


def programs():
    """Test programs by name, wherever the build puts them."""
    return {p.name: p for p in BUILD.rglob("*") if p.is_file() and os.access(p, os.X_OK) and not p.suffix}


def passes(test):
    """Whether the test is green. A test that hangs is red; one that runs nothing is a mistake of the list."""
    kind, rest = test.split(":", 1)
    if kind in ("scenario", "wire"):
        file = TREE / "tests" / kind / rest
        if not file.exists():
            sys.exit(f"{test}: no such file")
        command = [sys.executable, TREE / "tests" / kind / "run.py", "--weir", BUILD / "weir", file]
    else:
        command = [programs()[kind], f"--gtest_filter={rest}"]
    try:
        done = run(command, timeout=TEST_SECONDS, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    except subprocess.TimeoutExpired:
        return False
    if kind not in ("scenario", "wire") and "[==========] Running 0 tests" in done.stdout:
        sys.exit(f"{test}: the filter matches no test")
    return done.returncode == 0


def mutate(mutation):
    path = TREE / mutation["file"]
    text = path.read_text()
    if text.count(mutation["search"]) != 1:
        return None, f"the text to replace occurs {text.count(mutation['search'])} times in {mutation['file']}"
    path.write_text(text.replace(mutation["search"], mutation["replace"]))
    return text, None


def judge(mutation, jobs):
    """None when every test went red, else what is wrong."""
    original, problem = mutate(mutation)
    if problem:
        return problem
    try:
        built = build(mutation["tests"], jobs)
        if built.returncode:
            errors = [line for line in built.stdout.splitlines() if "error" in line]
            return "does not compile: " + " | ".join(errors[:3])
        green = [test for test in mutation["tests"] if passes(test)]
        return "still green: " + ", ".join(green) if green else None
    finally:
        (TREE / mutation["file"]).write_text(original)


def write_page(commit, mutations):
    lines = ["# Behaviour tests that were seen red", "",
             f"Written by `tools/see_red.py --write` at {commit[:10]}: each behaviour of `tests/mutations.yaml` was switched off in the source, and each",
             "test named for it failed.", "", "| switched off | in | tests that failed |", "| --- | --- | --- |"]
    lines += [f"| {m['name']} | `{m['file']}` | {', '.join(m['tests'])} |" for m in mutations]
    PAGE.write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--only", metavar="TEXT", help="mutations whose name or file holds TEXT")
    parser.add_argument("--jobs", default=str(os.cpu_count()))
    parser.add_argument("--write", action="store_true", help="record the result in docs/seen-red.md")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    mutations = yaml.safe_load((ROOT / "tests/mutations.yaml").read_text())
    names = [m["name"] for m in mutations]
    if len(set(names)) != len(names):
        sys.exit("a name occurs twice: " + ", ".join(sorted({n for n in names if names.count(n) > 1})))
    chosen = [m for m in mutations if (not options.names or m["name"] in options.names) and
              (not options.only or options.only in m["name"] or options.only in m["file"])]
    if options.list:
        print("\n".join(m["name"] for m in chosen))
        return 0
    if not chosen:
        sys.exit("no such mutation")
    commit = prepare()

    tests = sorted({test for m in chosen for test in m["tests"]})
    print(f"{len(chosen)} mutations, {len(tests)} tests; first all of them without a mutation", flush=True)
    built = build(tests, options.jobs)
    if built.returncode:
        sys.exit(built.stdout[-3000:])
    red_before = [test for test in tests if not passes(test)]
    if red_before:
        sys.exit("red without a mutation: " + ", ".join(red_before))

    problems = 0
    for mutation in chosen:
        began = time.monotonic()
        problem = judge(mutation, options.jobs)
        problems += problem is not None
        print(f"{'RED  ' if problem is None else 'WRONG'} {mutation['name']} ({time.monotonic() - began:.0f} s)" +
              (f": {problem}" if problem else ""), flush=True)
    print(f"{len(chosen) - problems} seen red, {problems} wrong")
    if options.write and not problems and len(chosen) == len(mutations):
        write_page(commit, mutations)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
