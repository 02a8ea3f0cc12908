#!/usr/bin/env python3
"""Standalone with many manifest files: how long a changed file takes from its rename to the first new answer on a socket.

usage: many_files.py --weir BINARY [--files N] [--changes N] [--limit SECONDS]     default 10000, 30, no limit

One file holds the Services, each of the N others one Ingress. Two kinds of change take turns: an Ingress gets another
backend, and a Service gets another endpoint. Every change must come into force, and only where it was made; with --limit
the slowest one must be in force within that time. Prints the times.
"""
import argparse
import http.client
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from run import DEADLINE, free_port, ingress_object, service_objects  # noqa: E402

NAMES = ("one", "two")
START_SECONDS = 20 * DEADLINE  # a sanitizer build reads 10,000 files for a while


class Client:
    """One connection, opened again when the server has ended it: after keep-alive-requests answers it does."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)

    def ask(self, host):
        """Who answered; the status if it was not 200."""
        for last in (False, True):
            try:
                self.connection.request("GET", "/", headers={"Host": host})
                answer = self.connection.getresponse()
                text = answer.read().decode()
                if answer.will_close:
                    self.connection.close()
                return yaml.safe_load(text)["name"] if answer.status == 200 else answer.status
            except (http.client.RemoteDisconnected, ConnectionResetError):
                self.connection.close()  # opened again by the next request
                if last:
                    raise


def wait_ready(port, process):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            probe = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            probe.request("GET", "/readyz")
            if probe.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            probe.close()
        time.sleep(0.05)
    sys.exit("weir is not ready")


class Folder:
    def __init__(self, path, ports):
        self.path, self.ports = path, ports
        self.backends = {}  # number of the Ingress -> name of its Service
        self.endpoints = dict(zip(NAMES, NAMES))  # Service -> name of the server behind it
        self.extra = "two"  # the server behind the Service "extra"

    def put(self, name, objects):
        (self.path / f".{name}").write_text(yaml.safe_dump_all(objects))
        started = time.monotonic()
        (self.path / f".{name}").rename(self.path / name)
        return started

    def put_ingress(self, number, backend):
        self.backends[number] = backend
        return self.put(f"web-{number}.yaml", [ingress_object(
            {"name": f"web-{number}", "host": f"web-{number}.example", "paths": {"/": backend}})])

    def put_services(self, extra):
        self.extra = extra
        return self.put("services.yaml", [
            {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"},
             "spec": {"controller": "k8s.io/ingress-nginx"}},
            *service_objects("one", self.ports["one"], {}), *service_objects("two", self.ports["two"], {}),
            *service_objects("extra", self.ports[extra], {})])


def time_to(client, host, wanted, started):
    end = time.monotonic() + DEADLINE
    while (seen := client.ask(host)) != wanted:
        if time.monotonic() > end:
            sys.exit(f"failed: {host} is answered by {seen}, not by {wanted}, {DEADLINE:.0f} s after the change")
        time.sleep(0.0005)  # the processor is Weir's
    return time.monotonic() - started


def measure(folder, client, files, changes):
    chance, times = random.Random(7), {"Ingress": [], "endpoint": []}
    folder.put_ingress(0, "extra")
    time_to(client, "web-0.example", folder.extra, time.monotonic())
    for _ in range(changes):
        number = chance.randrange(1, files)
        other = NAMES[1 - NAMES.index(folder.backends[number])]
        times["Ingress"].append(time_to(client, f"web-{number}.example", other, folder.put_ingress(number, other)))
        time.sleep(chance.uniform(0.05, 0.15))
        other = NAMES[1 - NAMES.index(folder.extra)]
        times["endpoint"].append(time_to(client, "web-0.example", other, folder.put_services(other)))
        time.sleep(chance.uniform(0.05, 0.15))
    for number in chance.sample(range(1, files), min(200, files - 1)):
        if (seen := client.ask(f"web-{number}.example")) != folder.backends[number]:
            sys.exit(f"failed: web-{number}.example is answered by {seen}, not by {folder.backends[number]}")
    return times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--changes", type=int, default=30, help="of each kind")
    parser.add_argument("--limit", type=float, default=DEADLINE, help="seconds; for a quiet machine")
    arguments = parser.parse_args()
    processes = []
    with tempfile.TemporaryDirectory(prefix="weir-many-files-") as work:
        folder = Folder(pathlib.Path(work), {name: free_port() for name in NAMES})
        try:
            for name in NAMES:
                processes.append(subprocess.Popen([arguments.weir, "echo", f"--port={folder.ports[name]}", f"--name={name}"],
                                                  stdout=subprocess.DEVNULL))
            folder.put_services("two")
            for number in range(arguments.files):
                folder.put_ingress(number, NAMES[number % 2])
            http_port, https_port, health = free_port(), free_port(), free_port()
            started = time.monotonic()
            processes.append(subprocess.Popen(
                [arguments.weir, "serve", f"--manifests={folder.path}", f"--http-port={http_port}", f"--https-port={https_port}",
                 f"--healthz-port={health}", "--post-shutdown-grace-period=0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            wait_ready(health, processes[-1])
            print(f"{arguments.files} files read and served after {time.monotonic() - started:.2f} s")
            times = measure(folder, Client(http_port), arguments.files, arguments.changes)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=30)
    for kind, all_of_it in times.items():
        print(f"{kind} changed, from rename to the first new answer: p50 {statistics.median(all_of_it) * 1000:.0f} ms, "
              f"max {max(all_of_it) * 1000:.0f} ms ({len(all_of_it)} changes)")
    slowest = max(max(all_of_it) for all_of_it in times.values())
    if slowest > arguments.limit:
        print(f"failed: a change took {slowest:.3f} s, the limit is {arguments.limit} s")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
