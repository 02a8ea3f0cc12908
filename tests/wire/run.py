#!/usr/bin/env python3
"""Raw bytes in, raw bytes out, against a real `weir serve`. usage: run.py --weir BINARY [--jobs N] [FILE ...]

A file is a list of cases:
  - name: sentence
    send: "GET / HTTP/1.1\r\n..."       (\r\n must be written; {body:N} is N bytes of x)
    status: 400                          of the first answer; `null`: the connection is closed without an answer
    statuses: [200, 400]                 of all answers
    closed: true                         Weir closes afterwards
    upstream: 0                          requests the upstream saw
Each case runs once in one piece and once byte by byte (unless `pieces: false`); both must end alike. Most of the time goes
into waiting whether a connection is kept, so N processes of Weir serve a part of the cases each.
"""
import argparse
import concurrent.futures
import pathlib
import re
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
import run as scenario  # noqa: E402

import yaml  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def answers(connection, count):
    """Statuses of up to `count` answers, and whether the connection was closed afterwards."""
    stream = connection.makefile("rb")
    statuses = []
    try:
        while len(statuses) < count:
            message = scenario.read_message(stream)
            if message is None:
                return statuses, True
            statuses.append(int(message.start.split(" ")[1]))
        connection.settimeout(2)
        try:
            return statuses, stream.read(1) == b""
        except socket.timeout:
            return statuses, False
    except ConnectionResetError:
        return statuses, True


def one(server, case, pieces):
    upstream = server.upstreams["web"]
    with upstream.lock:
        upstream.seen.clear()
    data = re.sub(r"\{body:(\d+)\}", lambda m: "x" * int(m[1]), case["send"]).encode("latin-1")
    want = case.get("statuses", [case["status"]] if case.get("status") else [])
    connection = socket.create_connection(("127.0.0.1", server.http), timeout=scenario.DEADLINE)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if pieces:
                for i in range(len(data)):
                    connection.sendall(data[i:i + 1])
            else:
                connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before the end: the answer is still there
        got, closed = answers(connection, max(len(want), 1))
    finally:
        connection.close()
    how = "byte by byte: " if pieces else ""
    if got != want:
        return f"{how}want {want}, got {got}"
    if "closed" in case and closed != case["closed"]:
        return f"{how}the connection was {'closed' if closed else 'kept'}"
    if "upstream" in case:
        time.sleep(0)
        with upstream.lock:
            seen = len(upstream.seen)
        if seen != case["upstream"]:
            return f"{how}the upstream saw {seen} requests, want {case['upstream']}"
    return None


def run_cases(weir, cases):
    """Cases that passed, and what went wrong; against one process of Weir."""
    server = scenario.Scenario(HERE / "server.yaml", weir, keep=False)
    passed, problems = 0, []
    try:
        server.start()
        for file, case in cases:
            errors = [e for pieces in ((False, True) if case.get("pieces", len(case["send"]) < 600) else (False,))
                      if (e := one(server, case, pieces))]
            passed += not errors
            problems += [f"FAIL {file}: {case['name']}: {error}" for error in errors]
    finally:
        problems += server.stop()
    return passed, problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    cases = [(path.name, case) for path in arguments.files or sorted(HERE.glob("cases-*.yaml"))
             for case in yaml.safe_load(path.read_text())]
    parts = [part for i in range(arguments.jobs) if (part := cases[i::arguments.jobs])]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda part: run_cases(arguments.weir, part), parts))
    passed = sum(result[0] for result in results)
    problems = [problem for result in results for problem in result[1]]
    for problem in problems:
        print(problem)
    print(f"{passed} of {len(cases)} passed")
    return 1 if problems or passed != len(cases) or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
