#!/usr/bin/env python3
"""`weir check` on real manifests, where a folder of them exists. Such a folder is never part of this repository.

usage: run.py --weir BINARY --time BINARY [--limit-ms N] [FOLDER]
FOLDER is $WEIR_CORPUS or ../shared/corpus beside the checkout; without one the test is skipped (exit status 77).
Checked: each file is read without a crash, is turned into a table within the limit, and of all uses of annotations at
most 10 % are of the class `planned`, none of them outside the few things that are known to be missing. A use counts by
its value where a row has values of another class.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PREFIX = "nginx.ingress.kubernetes.io/"
PLANNED_AT_MOST = 0.10
# What may still be planned: FastCGI to endpoints, a web application firewall.
MAY_BE_PLANNED = re.compile(r"backend-protocol=fcgi|(enable-modsecurity|enable-owasp-core-rules|modsecurity-transaction-id"
                            r"|fastcgi-index|fastcgi-params-configmap)=.*", re.S | re.I)
SKIPPED = 77


def check(weir, path):
    """What is wrong with the run of `weir check` on one file, or None."""
    run = subprocess.run([weir, "check", "--output", "json", str(path)], capture_output=True, text=True, timeout=60)
    if run.returncode not in (0, 1, 2):
        return f"{path.name}: exit status {run.returncode}: {run.stderr[-200:]}"
    if run.returncode == 2:
        return f"{path.name}: unreadable: {run.stdout[-300:]}"
    try:
        json.loads(run.stdout)
    except ValueError as error:
        return f"{path.name}: no JSON: {error}"
    return None


def objects(path):
    for document in yaml.safe_load_all(path.read_text()):
        if isinstance(document, dict):
            yield from document.get("items") or [document] if str(document.get("kind", "")).endswith("List") else [document]


def classes_of(weir):
    """annotation -> (class, {value in lower case: its own class}), from the generated page."""
    page = subprocess.run([weir, "docs", "annotations"], capture_output=True, text=True, check=True).stdout
    classes = {}
    for names, support, others in re.findall(r"^\| (`[^|]*) \| (exact|no-op|planned|refused)(?:, 503)?((?:; [^|]*)?) \|", page, re.M):
        values = {}
        for part in others.split("; ")[1:]:
            *own, support_of_own = re.fullmatch(r"((?:`[^`]+` )+)(exact|no-op|planned|refused)(?:, 503)?", part).groups()
            values.update({value.lower(): support_of_own for value in re.findall(r"`([^`]+)`", own[0])})
        classes.update({name: (support, values) for name in re.findall(r"`([a-z0-9-]+)`", names)})  # with its alias
    return classes


def uses(paths, weir):
    """class -> annotation -> number of uses, and the planned ones as `annotation=value`."""
    classes = classes_of(weir)
    counts = collections.defaultdict(collections.Counter)
    planned = set()
    for path in paths:
        for item in objects(path):
            for key, value in ((item.get("metadata") or {}).get("annotations") or {}).items():
                if item.get("kind") == "Ingress" and key.startswith(PREFIX):
                    name = key[len(PREFIX):]
                    support, values = classes.get(name, ("unknown", {}))
                    support = values.get(str(value).strip().lower(), support)
                    counts[support][name] += 1
                    if support == "planned":
                        planned.add(f"{name}={value}")
    return counts, planned


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--time", required=True, help="the program corpus_time")
    parser.add_argument("--limit-ms", type=float, help="none: times are only printed, as for sanitizer builds")
    parser.add_argument("folder", nargs="?", default=os.environ.get("WEIR_CORPUS") or ROOT.parent / "shared/corpus")
    options = parser.parse_args()
    folder = pathlib.Path(options.folder)
    paths = sorted(p for p in folder.rglob("*") if p.suffix in (".yaml", ".yml", ".json"))
    if not paths:
        print(f"skipped: no corpus of manifests at {folder}")
        return SKIPPED
    errors = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        errors += filter(None, pool.map(lambda path: check(options.weir, path), paths))

    run = subprocess.run([options.time, *map(str, paths)], capture_output=True, text=True, timeout=300, check=True)
    times = sorted((int(line.split(" ", 1)[0]) / 1000, line.split(" ", 1)[1]) for line in run.stdout.splitlines())
    if len(times) != len(paths):
        errors.append(f"{len(times)} of {len(paths)} files were timed")
    print(f"{len(paths)} files; the slowest takes {times[-1][0]:.2f} ms, the median {times[len(times) // 2][0]:.2f} ms")
    if options.limit_ms:
        errors += [f"{path}: {ms:.2f} ms" for ms, path in times if ms >= options.limit_ms]

    counts, planned = uses(paths, options.weir)
    total = sum(sum(names.values()) for names in counts.values())
    for name in ("exact", "no-op", "planned", "refused", "unknown"):
        number = sum(counts[name].values())
        print(f"{name}: {number} of {total} uses ({number / max(total, 1):.1%}): " +
              ", ".join(f"{key} {n}" for key, n in counts[name].most_common(12)))
    if total == 0:
        errors.append("no annotation was found")
    elif sum(counts["planned"].values()) > PLANNED_AT_MOST * total:
        errors.append(f"more than {PLANNED_AT_MOST:.0%} of the uses are planned")
    errors += [f"planned, and should not be any more: {use}" for use in sorted(planned) if not MAY_BE_PLANNED.fullmatch(use)]
    for error in errors:
        print(error)
    print(f"corpus: {len(errors)} violations")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
