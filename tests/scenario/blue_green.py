#!/usr/bin/env python3
"""Blue/green under load: while clients send requests over kept connections, the Ingress' backend is switched between two
Services again and again, each time with the old one's endpoints taken away shortly after. No request may fail.

usage: blue_green.py --weir BINARY [--requests N]
"""
import argparse
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from run import free_port, ingress_object, service_objects  # noqa: E402

CONNECTIONS = 8
BATCH = 25  # requests under way on a connection
REQUEST = b"GET /version HTTP/1.1\r\nHost: app.example\r\n\r\n"
COLOURS = ("blue", "green")
SWITCHES = 4  # at least; the requests go on until then


class Clients:
    def __init__(self, port, requests):
        self.port, self.least = port, requests
        self.sent = self.switches = 0
        self.lock = threading.Lock()
        self.answers = {}  # "200 blue" -> how many
        self.failures = []

    def take(self):
        with self.lock:
            if self.sent >= self.least and self.switches >= SWITCHES:
                return 0
            self.sent += BATCH
            return BATCH

    def run(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
                stream = connection.makefile("rb")
                while size := self.take():
                    connection.sendall(REQUEST * size)
                    for _ in range(size):
                        self.count(stream)
        except OSError as error:
            with self.lock:
                self.failures.append(repr(error))

    def count(self, stream):
        line = stream.readline()
        if not line:
            raise OSError("the connection was closed")
        length = 0
        while (field := stream.readline()) not in (b"\r\n", b""):
            if field.lower().startswith(b"content-length:"):
                length = int(field.split(b":")[1])
        body = stream.read(length)
        name = re.search(rb'"name":\s*"(\w+)"', body)
        key = line.split(b" ")[1].decode() + " " + (name.group(1).decode() if name else "?")
        with self.lock:
            self.answers[key] = self.answers.get(key, 0) + 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--requests", type=int, default=100_000)
    arguments = parser.parse_args()
    deadline = time.monotonic() + 600
    processes = []
    with tempfile.TemporaryDirectory(prefix="weir-blue-green-") as work:
        folder = pathlib.Path(work)

        def write(name, objects):
            (folder / f".{name}").write_text(yaml.safe_dump_all(objects))
            (folder / f".{name}").rename(folder / name)

        ports = {colour: free_port() for colour in COLOURS}

        def services(gone=None):
            write("services.yaml", [o for c in COLOURS for o in service_objects(c, ports[c], {"endpoints": 0 if c == gone else 1})])

        def route(colour):
            write("ingress.yaml", [ingress_object({"name": "app", "host": "app.example", "paths": {"/": colour}})])

        try:
            for colour in COLOURS:
                processes.append(subprocess.Popen([arguments.weir, "echo", f"--port={ports[colour]}", f"--name={colour}"], stdout=subprocess.DEVNULL))
            write("class.yaml", [{"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"},
                                  "spec": {"controller": "k8s.io/ingress-nginx"}}])
            # Connections stay for the whole run, so that a lost answer is never a connection that ended in due course.
            write("settings.yaml", [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "weir", "namespace": "weir"},
                                     "data": {"keep-alive-requests": "100000000"}}])
            services()
            route("blue")
            http, https, health = free_port(), free_port(), free_port()
            processes.append(subprocess.Popen([arguments.weir, "serve", f"--manifests={folder}", f"--http-port={http}", f"--https-port={https}",
                                               f"--healthz-port={health}", "--configmap=weir/weir", "--post-shutdown-grace-period=0"],
                                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            ready = False
            while not ready and time.monotonic() < deadline:
                try:
                    with socket.create_connection(("127.0.0.1", health), timeout=2) as probe:
                        probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        ready = b" 200 " in probe.makefile("rb").readline()
                except OSError:
                    pass
                time.sleep(0.02)
            clients = Clients(http, arguments.requests)
            threads = [threading.Thread(target=clients.run) for _ in range(CONNECTIONS)]
            for thread in threads:
                thread.start()
            switches = 0
            while any(t.is_alive() for t in threads) and time.monotonic() < deadline:
                new, old = COLOURS[1 - switches % 2], COLOURS[switches % 2]
                services()
                route(new)
                time.sleep(0.4)  # longer than a folder's change takes to be in force
                services(gone=old)
                time.sleep(0.1)
                switches += 1
                clients.switches = switches
            for thread in threads:
                thread.join(timeout=max(0.1, deadline - time.monotonic()))
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=30)
    done = sum(clients.answers.values())
    good = sum(n for key, n in clients.answers.items() if key in ("200 blue", "200 green"))
    print(f"{done} of {clients.sent} requests, {done - good} failed, {switches} switches: {clients.answers} {clients.failures[:3]}")
    both = all(clients.answers.get("200 " + colour) for colour in COLOURS)
    return 0 if good == clients.sent >= arguments.requests and both and switches >= SWITCHES else 1


if __name__ == "__main__":
    sys.exit(main())
