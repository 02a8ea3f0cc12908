#!/usr/bin/env python3
"""Requests per proxy-CPU-second of Weir against nginx and HAProxy (and Envoy, when it is installed), in one run.

usage: ./dev bench [--workloads get1k,https1k,...] [--rounds 21] [--out FILE]

The proxy is pinned to core 0, load generator and backend (one busy-polling thread) to core 1. Slices of 150 ms are
interleaved A B C A B C ...; each figure is the median of the ratios of slices of one round. `weir-b` is a second copy of
Weir: its ratio to the first one shows the noise. Access log (buffered where the product can) and metrics are on.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "release"
BACKEND_PORT = 9000
HOST = "app.example.com"
HOSTS = [HOST] + [f"h{i:03d}.example.com" for i in range(100)]

# name: (loadgen arguments, TLS, goal against nginx, goal against HAProxy)
WORKLOADS = {
    "get1k": (["--path", "/api/1k", "--connections", "64"], False, 1.30, 1.35),
    "get1k-c1000": (["--path", "/api/1k", "--connections", "1000"], False, 1.40, 1.45),
    "get64k": (["--path", "/api/64k", "--connections", "32"], False, 1.70, 1.25),
    "get1m": (["--path", "/api/1m", "--connections", "16"], False, 2.50, 2.00),
    "post16k": (["--path", "/api/1k", "--connections", "64", "--post", "16384"], False, 1.15, 1.60),
    "https1k": (["--path", "/api/1k", "--connections", "64"], True, 1.25, 1.30),
    "https64k": (["--path", "/api/64k", "--connections", "32"], True, 1.50, 1.30),
    "handshakes": (["--path", "/api/tiny", "--connections", "8", "--handshakes", "--slice", "0.3"], True, 1.00, 1.05),
    "rate8k": (["--path", "/api/1k", "--connections", "64", "--rate", "8000"], False, None, None),
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """One proxy process on core 0; `pid` is the process whose CPU time counts."""

    def __init__(self, name, work):
        self.name, self.work = name, work
        self.http, self.https, self.health = free_port(), free_port(), free_port()
        self.folder = work / name
        self.folder.mkdir()
        getattr(self, "start_" + name.split("-")[0])()
        deadline = time.monotonic() + 15
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.http), 1).close()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"{name} did not start, see {self.folder}")
                time.sleep(0.05)
        time.sleep(0.3)
        self.pid = self.process.pid
        if name.startswith("nginx"):
            children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            self.pid = int(children[0])

    def spawn(self, command):
        log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(["taskset", "-c", "0", *map(str, command)], stdout=subprocess.DEVNULL, stderr=log)

    def fill(self, template):
        text = (HERE / "conf" / template).read_text()
        values = {"HTTP": self.http, "HTTPS": self.https, "BACKEND": BACKEND_PORT, "DIR": self.folder, "WORK": self.work}
        for key, value in values.items():
            text = text.replace("@" + key + "@", str(value))
        return text

    def start_nginx(self):
        servers = []
        for i, host in enumerate(HOSTS):
            servers.append(self.fill("nginx-server.conf").replace("@HOST@", host).replace("@BACKLOG@", " backlog=4096" if i == 0 else ""))
        path = self.folder / "nginx.conf"
        path.write_text(self.fill("nginx.conf").replace("@SERVERS@", "".join(servers)))
        self.spawn(["nginx", "-g", "daemon off;", "-c", path])

    def start_haproxy(self):
        (self.folder / "hosts.map").write_text("".join(f"{h} be\n" for h in HOSTS))
        path = self.folder / "haproxy.cfg"
        path.write_text(self.fill("haproxy.cfg"))
        self.spawn(["haproxy", "-db", "-f", path])

    def start_envoy(self):
        path = self.folder / "envoy.yaml"
        path.write_text(self.fill("envoy.yaml"))
        self.spawn([shutil.which("envoy"), "--concurrency", "1", "--disable-hot-restart", "-l", "error", "-c", path])

    def start_weir(self):
        manifests = self.folder / "manifests"
        manifests.mkdir()
        hosts = (self.work / "many-hosts").read_text().split() if self.name == "weir-100k" else HOSTS
        write_manifests(manifests, hosts, self.work)
        binary = os.environ.get("WEIR_BINARY", BUILD / "weir")
        self.spawn([binary, "serve", f"--manifests={manifests}", f"--http-port={self.http}", f"--https-port={self.https}",
                    f"--healthz-port={self.health}", "--configmap=weir/weir", "--enable-metrics", "--post-shutdown-grace-period=0"])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.health), 2) as probe:
                    probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    if b" 200 " in probe.makefile("rb").readline():
                        return
            except OSError:
                pass
            time.sleep(0.05)
        sys.exit(f"{self.name} was not ready, see {self.folder}/log")

    def rss_kib(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1])
        return 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def write_manifests(folder, hosts, work):
    """The hosts of the rivals' configurations as Ingress objects, a hundred a file."""
    cert, key = (work / "ec.crt").read_text(), (work / "ec.key").read_text()
    indent = lambda text: "".join("    " + line + "\n" for line in text.splitlines())
    base = f"""apiVersion: v1
kind: Service
metadata: {{name: app}}
spec: {{ports: [{{port: 80, targetPort: {BACKEND_PORT}}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: app-1, labels: {{kubernetes.io/service-name: app}}}}
addressType: IPv4
endpoints: [{{addresses: [127.0.0.1]}}]
ports: [{{port: {BACKEND_PORT}}}]
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {{name: nginx}}
spec: {{controller: k8s.io/ingress-nginx}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: weir, namespace: weir}}
data: {{ssl-redirect: "false", access-log-path: "{folder.parent}/access.log", keep-alive-requests: "100000000",
  upstream-keepalive-requests: "100000000", upstream-keepalive-connections: "2000", worker-processes: "1", proxy-body-size: 4m,
  hsts: "false"}}
---
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {{name: cert}}
stringData:
  tls.crt: |
{indent(cert)}  tls.key: |
{indent(key)}"""
    (folder / "base.yaml").write_text(base)
    for start in range(0, len(hosts), 100):
        parts = []
        for host in hosts[start:start + 100]:
            tls = f"  tls: [{{hosts: [{host}], secretName: cert}}]\n" if host == HOST else ""
            parts.append(f"""apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: "{host}"}}
spec:
  ingressClassName: nginx
{tls}  rules: [{{host: {host}, http: {{paths: [{{path: /api, pathType: Prefix, backend: {{service: {{name: app, port: {{number: 80}}}}}}}}]}}}}]
""")
        (folder / f"hosts-{start}.yaml").write_text("---\n".join(parts))


def make_certificates(work):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    work / "ec.key", "-out", work / "ec.crt", "-days", "30", "-subj", f"/CN={HOST}", "-addext",
                    f"subjectAltName=DNS:{HOST}"], check=True, capture_output=True)
    (work / "ec.pem").write_text((work / "ec.crt").read_text() + (work / "ec.key").read_text())


def load(proxies, arguments, rounds, tls):
    command = ["taskset", "-c", "1", str(BUILD / "tests/bench/loadgen"), "--backend-port", str(BACKEND_PORT), "--rounds", str(rounds),
               *(["--tls"] if tls else []), *arguments, *[f"{p.https if tls else p.http}:{p.pid}" for p in proxies]]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if run.returncode != 0:
        sys.exit(f"loadgen: {run.stderr}")
    slices = {}
    for line in run.stdout.splitlines():
        one = json.loads(line)
        slices.setdefault(one["target"], {})[one["round"]] = one
    return [slices[i] for i in range(len(proxies))]


def per_cpu_second(one):
    return one["done"] / (one["cpu_ns"] / 1e9) if one["cpu_ns"] else 0


def ratio(slices, reference):
    values = [per_cpu_second(slices[r]) / per_cpu_second(reference[r]) for r in slices if r in reference and per_cpu_second(reference[r])]
    return statistics.median(values) if values else 0


def report(name, proxies, slices, goals, out):
    index = {p.name: i for i, p in enumerate(proxies)}
    lines = [f"\n### {name}", "", "| proxy | requests per CPU-second | x nginx | x haproxy | x weir | p50 µs | p99 µs | errors | RSS MiB |",
             "|---|---|---|---|---|---|---|---|---|"]
    for i, proxy in enumerate(proxies):
        own = slices[i]
        cells = [f"{ratio(own, slices[index[r]]):.2f}" if r in index else "-" for r in ("nginx", "haproxy", "weir")]
        median = lambda key: statistics.median(s[key] for s in own.values())
        lines.append(f"| {proxy.name} | {statistics.median(map(per_cpu_second, own.values())):.0f} | {cells[0]} | {cells[1]} | {cells[2]} | "
                     f"{median('p50'):.0f} | {median('p99'):.0f} | {sum(s['errors'] for s in own.values())} | {proxy.rss_kib() / 1024:.1f} |")
    if goals[0]:
        lines.append(f"\nGoal: {goals[0]:.2f} x nginx, {goals[1]:.2f} x haproxy.")
    print("\n".join(lines), file=out, flush=True)


def idle_memory(proxy_name, work, out):
    """RSS per connection at 5,000 connections: idle keep-alive, idle TLS, half a request head."""
    proxy = Proxy(proxy_name, work)
    backend = subprocess.Popen([str(BUILD / "weir"), "echo", "--port", str(BACKEND_PORT)], stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = f"GET /api/x HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n\r\n".encode()
    try:
        for label, tls, data, answered in (("idle keep-alive", False, request, True), ("idle TLS", True, request, True),
                                           ("half a request head", False, request[:-20], False)):
            before, connections = proxy.rss_kib(), []
            for _ in range(5000):
                connection = socket.create_connection(("127.0.0.1", proxy.https if tls else proxy.http))
                if tls:
                    connection = context.wrap_socket(connection, server_hostname=HOST)
                connection.sendall(data)
                if answered and not connection.recv(65536):
                    sys.exit("no answer")
                connections.append(connection)
            time.sleep(0.5)
            print(f"| {proxy.name} | {label} | {(proxy.rss_kib() - before) / 5000:.2f} KiB |", file=out, flush=True)
            for connection in connections:
                connection.close()
            time.sleep(0.5)
    finally:
        proxy.stop()
        backend.terminate()
        backend.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--proxies", default="")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--idle", action="store_true", help="measure memory per idle connection instead")
    parser.add_argument("--many-hosts", action="store_true", help="measure 100,000 hosts against 100 instead")
    parser.add_argument("--out")
    options = parser.parse_args()
    out = open(options.out, "a") if options.out else sys.stdout
    work = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
    make_certificates(work)
    names = options.proxies.split(",") if options.proxies else ["nginx", "haproxy", *(["envoy"] if shutil.which("envoy") else []), "weir", "weir-b"]
    if options.idle:
        print("| proxy | state | RSS per connection |\n|---|---|---|", file=out)
        for name in [n for n in names if n != "weir-b"]:
            idle_memory(name, work, out)
        return
    arguments = []
    if options.many_hosts:
        names = ["weir", "weir-100k"]
        many = HOSTS + [f"t{i:06d}.example.org" for i in range(100_000 - len(HOSTS))]
        (work / "many-hosts").write_text("\n".join(many))
    proxies = []
    try:
        for name in names:
            proxies.append(Proxy(name, work))
        for name in ["get1k"] if options.many_hosts else options.workloads.split(","):
            load_arguments, tls, *goals = WORKLOADS[name]
            rounds = max(options.rounds, 31) if name == "rate8k" else options.rounds
            report(name, proxies, load(proxies, load_arguments + arguments, rounds, tls), goals, out)
    finally:
        for proxy in proxies:
            proxy.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
