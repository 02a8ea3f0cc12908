#!/usr/bin/env python3
"""A storm of endpoint changes: Weir follows a fake API server that changes EndpointSlices many times a second while
clients send requests. Not part of CI.

usage: endpoint_storm.py --weir BINARY [--services N] [--rate N] [--seconds N]     default 10000, 1000, 30

N Services with an Ingress and ten endpoints each; all endpoints are addresses of one echo server, so every request must be
answered, whichever of them a table holds. Prints requests, failures, tables a second, and the share of a core that the control thread
used. Fails if a request failed, if more than 20 tables a second were published, or if the last change is not served.
"""
import argparse
import http.client
import http.server
import json
import os
import pathlib
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
from ports import free_port  # noqa: E402

ENDPOINTS = 10
CLIENTS = 4
MOST_TABLES = 20.5  # a second; the limit is 20, and the clocks are not the same
VERSIONS = {"ingresses": "networking.k8s.io/v1", "ingressclasses": "networking.k8s.io/v1", "services": "v1",
            "endpointslices": "discovery.k8s.io/v1", "secrets": "v1", "configmaps": "v1"}
KINDS = {"ingresses": "Ingress", "ingressclasses": "IngressClass", "services": "Service",
         "endpointslices": "EndpointSlice", "secrets": "Secret", "configmaps": "ConfigMap"}


def meta(plural, name, version, **more):
    return {"apiVersion": VERSIONS[plural], "kind": KINDS[plural],
            "metadata": {"name": name, "resourceVersion": str(version),
                         **({} if plural == "ingressclasses" else {"namespace": "storm"}), **more}}


def slice_object(i, port, addresses, version):
    return {**meta("endpointslices", f"web-{i}-1", version, labels={"kubernetes.io/service-name": f"web-{i}"}),
            "addressType": "IPv4", "ports": [{"name": "", "port": port}],
            "endpoints": [{"addresses": [a], "conditions": {"ready": True}} for a in addresses]}


def address(i, k):
    return f"127.{1 + i // 250 % 250}.{i % 250}.{k + 1}"


class FakeApi:
    """Lists and watches of a cluster that was made before; what is put into `events` goes to the watch of EndpointSlices."""

    def __init__(self, services, port):
        self.events = queue.Queue()
        self.objects = {plural: [] for plural in KINDS}
        self.objects["ingressclasses"] = [{**meta("ingressclasses", "nginx", 1),
                                           "spec": {"controller": "k8s.io/ingress-nginx"}}]
        for i in range(services):
            self.objects["services"].append({**meta("services", f"web-{i}", 1), "spec": {
                "type": "ClusterIP", "ports": [{"port": 80, "targetPort": port, "protocol": "TCP"}]}})
            self.objects["ingresses"].append({**meta("ingresses", f"web-{i}", 1), "spec": {
                "ingressClassName": "nginx", "rules": [{"host": f"web-{i}.example", "http": {"paths": [
                    {"path": "/", "pathType": "Prefix",
                     "backend": {"service": {"name": f"web-{i}", "port": {"number": 80}}}}]}}]}})
            self.objects["endpointslices"].append(
                slice_object(i, port, [address(i, k) for k in range(ENDPOINTS)], 1))
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path, _, query = self.path.partition("?")
                plural = path.rsplit("/", 1)[1]
                if plural not in KINDS:
                    return self.whole(404, {"kind": "Status", "code": 404})
                if "watch=" not in query:
                    return self.whole(200, {"kind": KINDS[plural] + "List", "apiVersion": VERSIONS[plural],
                                            "metadata": {"resourceVersion": "1"}, "items": api.objects[plural]})
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                if "sendInitialEvents" in query:
                    for object_ in api.objects[plural]:
                        self.event("ADDED", object_)
                    self.event("BOOKMARK", meta(plural, "", 1, annotations={"k8s.io/initial-events-end": "true"}))
                while True:
                    if plural == "endpointslices":
                        self.event("MODIFIED", api.events.get())
                    else:
                        time.sleep(3600)

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.whole(201, {})

            do_PUT = do_PATCH = do_POST

            def event(self, type_, object_):
                line = json.dumps({"type": type_, "object": object_}).encode() + b"\n"
                self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")

            def whole(self, status, body):
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Clients:
    """Requests one after the other on kept connections, to hosts in random order."""

    def __init__(self, port, services):
        self.port, self.services = port, services
        self.stopping, self.lock = threading.Event(), threading.Lock()
        self.done, self.failures = 0, []
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True) for n in range(CLIENTS)]

    def run(self, number):
        chance, connection = random.Random(number), None
        while not self.stopping.is_set():
            host, problem = f"web-{chance.randrange(1, self.services)}.example", None  # web-0 shows the end
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", "/", headers={"Host": host})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    problem = f"{host}: {answer.status}"
                if answer.will_close:
                    connection.close()
            except (OSError, http.client.HTTPException) as error:
                problem, connection = f"{host}: {error!r}", None
            with self.lock:
                self.done += 1
                if problem:
                    self.failures.append(problem)
            time.sleep(0.002)


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError as error:
        return 0, str(error)
    finally:
        connection.close()


def metric(port, name):
    return sum(float(line.rsplit(" ", 1)[1]) for line in get(port, "/metrics")[1].splitlines()
               if line.startswith((name + " ", name + "{")))


def control_cpu(pid):
    """Seconds of the control thread, the one that the process began with."""
    fields = pathlib.Path(f"/proc/{pid}/task/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def storm(api, port, arguments):
    """Changes at the wanted rate; returns how many, and what the last one left."""
    chance, made, began = random.Random(5), 0, time.monotonic()
    while time.monotonic() < began + arguments.seconds:
        while made < (time.monotonic() - began) * arguments.rate:
            i = chance.randrange(1, arguments.services)
            some = chance.sample(range(ENDPOINTS), chance.randint(3, ENDPOINTS))
            api.events.put(slice_object(i, port, [address(i, k) for k in some], made + 2))
            made += 1
        time.sleep(0.005)
    # A Service without endpoints answers 503: that is seen once all changes before it have been taken in.
    api.events.put(slice_object(0, port, [], made + 2))
    return made


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--services", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=30)
    arguments = parser.parse_args()
    backend, http_port, https_port, health = (free_port() for _ in range(4))
    api = FakeApi(arguments.services, backend)
    processes = []
    with tempfile.TemporaryFile() as log:
        try:
            processes.append(subprocess.Popen([arguments.weir, "echo", f"--port={backend}"], stdout=subprocess.DEVNULL,
                                              stderr=subprocess.DEVNULL))
            weir = subprocess.Popen(
                [arguments.weir, "serve", f"--apiserver-host=http://127.0.0.1:{api.port}", f"--http-port={http_port}",
                 f"--https-port={https_port}", f"--healthz-port={health}", "--enable-metrics", "--disable-leader-election",
                 "--disable-sync-events", "--post-shutdown-grace-period=0"], stdout=subprocess.DEVNULL, stderr=log)
            processes.append(weir)
            end = time.monotonic() + 120
            while get(health, "/readyz")[0] != 200:
                if time.monotonic() > end or weir.poll() is not None:
                    log.seek(0)
                    sys.exit("weir is not ready:\n" + log.read().decode()[-2000:])
                time.sleep(0.1)
            time.sleep(2)
            clients = Clients(http_port, arguments.services)
            for thread in clients.threads:
                thread.start()
            time.sleep(1)
            began, tables, cpu = time.monotonic(), metric(health, "weir_config_generation"), control_cpu(weir.pid)
            made = storm(api, backend, arguments)
            tables, cpu = metric(health, "weir_config_generation") - tables, control_cpu(weir.pid) - cpu
            seconds = time.monotonic() - began
            clients.stopping.set()
            for thread in clients.threads:
                thread.join(20)
            last = time.monotonic()
            probe = http.client.HTTPConnection("127.0.0.1", http_port, timeout=10)
            status = 0
            while status != 503 and time.monotonic() < last + 10:
                probe.request("GET", "/", headers={"Host": "web-0.example"})
                answer = probe.getresponse()
                answer.read()
                status = answer.status
                time.sleep(0.005)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(30)
    print(f"{made} endpoint changes in {seconds:.1f} s among {arguments.services} Services; {clients.done} requests, "
          f"{len(clients.failures)} failed; {tables / seconds:.1f} tables a second; control thread {cpu / seconds * 100:.0f} % of a core")
    if clients.failures or clients.done < 100 or tables > MOST_TABLES * seconds or tables < seconds or status != 503:
        print(f"failed: {clients.failures[:3]}; after the last change web-0.example answers {status}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
