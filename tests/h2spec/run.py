#!/usr/bin/env python3
"""The conformance suite h2spec against a real `weir serve`, over TLS and without. usage: run.py --weir BINARY

Without TLS one case fails by design: both versions share the port, so a preface that is not HTTP/2's is answered as a
malformed HTTP/1 request.
"""
import argparse
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))
import run as scenario  # noqa: E402

KNOWN = {"plain": {"Sends invalid connection preface"}, "tls": set()}


def ask(program, port, tls):
    """The numbers of cases, and descriptions of those that failed."""
    command = [program, "-h", "localhost", "-p", str(port), "-o", str(int(scenario.DEADLINE)), *(["-t", "-k"] if tls else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    total = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", done.stdout)
    if not total:
        sys.exit(f"h2spec did not end as expected: {done.stdout[-2000:]} {done.stderr[-2000:]}")
    failures = {re.sub(r"^\s*× \d+: ", "", line) for line in done.stdout.splitlines() if re.match(r"\s*× \d+: ", line)}
    return [int(n) for n in total.groups()], failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    arguments = parser.parse_args()
    built = subprocess.run([HERE / "build"], capture_output=True, text=True, check=False)
    if built.returncode != 0:
        print(built.stderr.strip())
        return built.returncode
    server = scenario.Scenario(HERE / "server.yaml", arguments.weir, keep=False)
    wrong = []
    try:
        server.start()
        for name, port, tls in (("tls", server.https, True), ("plain", server.http, False)):
            (tests, passed, skipped, failed), failures = ask(built.stdout.strip(), port, tls)
            print(f"{name}: {tests} tests, {passed} passed, {skipped} skipped, {failed} failed")
            if tests < 140:
                wrong.append(f"{name}: only {tests} tests")
            wrong += [f"{name}: {failure}" for failure in failures - KNOWN[name]]
    finally:
        wrong += server.stop()
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
