#!/usr/bin/env python3
"""Requests per proxy-CPU-second of Weir against nginx and HAProxy (and Envoy, when it is installed), in one run.

usage: ./dev bench [--workloads get1k,https1k,...] [--rounds 21] [--out FILE]
       ./dev bench --idle | --many-hosts | --swap
       ./dev bench --policies | --auth | --start | --scrape                        see figures.py
       ./dev bench --against OTHER/weir [--proxies weir,weir-b,other]     two builds of Weir against each other

The proxy is pinned to core 0, load generator and backend (one busy-polling thread) to core 1. Slices of 150 ms are
interleaved A B C A B C ...; each figure is the median of the ratios of slices of one round. `weir-b` is a second copy of
Weir: its ratio to the first one shows the noise. Access log (buffered where the product can) and metrics are on. The
generator checks status, length and each byte of every answer; one error fails the run. Envoy takes part if it is found
in PATH or $WEIR_BENCH_ENVOY.
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
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
from ports import free_port  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "release"
BACKEND_PORT = 9000
HOST = "app.example.com"
HOSTS = [HOST] + [f"h{i:03d}.example.com" for i in range(100)]

ENVOY = os.environ.get("WEIR_BENCH_ENVOY") or shutil.which("envoy")

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


# Copies of Weir that differ in the number of hosts.
MANY = {"weir-10": 10, "weir-100k": 100_000}


def many_hosts(count):
    return [HOST] + [f"t{i:06d}.example.org" for i in range(count - 1)]


class Proxy:
    """One proxy process on core 0; `pid` is the process whose CPU time counts."""

    def __init__(self, name, work, flags=()):
        self.name, self.work, self.flags = name, work, flags
        self.http, self.https, self.health = free_port(), free_port(), free_port()
        self.folder = work / name
        self.folder.mkdir()
        self.hosts_file = None
        self.hosts = HOSTS
        if name in MANY:
            self.hosts = many_hosts(MANY[name])
            self.hosts_file = self.folder / "hosts"
            # Equally many requests in the generator for both, so that its own cache misses are the same.
            lines = [self.hosts[i % len(self.hosts)] for i in range(max(MANY.values()))]
            self.hosts_file.write_text("\n".join(lines) + "\n")
        getattr(self, "start_" + ("weir" if name == "other" else name.split("-")[0]))()
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
        vhost = "            - {name: @H@, domains: [@H@, '@H@:*'], routes: [{match: {prefix: /api/}, route: {cluster: be}}]}"
        path.write_text(self.fill("envoy.yaml").replace("@VHOSTS@", "\n".join(vhost.replace("@H@", h) for h in HOSTS)))
        self.spawn([ENVOY, "--concurrency", "1", "--disable-hot-restart", "-l", "error", "-c", path])

    def start_weir(self):
        manifests = self.folder / "manifests"
        manifests.mkdir()
        self.write_objects(manifests)
        binary = OTHER_BINARY if self.name == "other" else os.environ.get("WEIR_BINARY", BUILD / "weir")
        self.spawn([binary, "serve", f"--manifests={manifests}", f"--http-port={self.http}", f"--https-port={self.https}",
                    f"--healthz-port={self.health}", "--configmap=weir/weir", "--enable-metrics", "--post-shutdown-grace-period=0", *self.flags])
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

    def write_objects(self, folder):
        write_manifests(folder, self.hosts, self.work)

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


def write_manifests(folder, hosts, work, annotations="", settings='hsts: "false"'):
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
  {settings}}}
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
metadata: {{name: "{host}", annotations: {{{annotations}}}}}
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


def target(proxy, tls):
    return f"{proxy.https if tls else proxy.http}:{proxy.pid}" + (f":{proxy.hosts_file}" if proxy.hosts_file else "")


def load(proxies, arguments, rounds, tls):
    command = ["taskset", "-c", "1", str(BUILD / "tests/bench/loadgen"), "--backend-port", str(BACKEND_PORT), "--rounds", str(rounds),
               *(["--tls"] if tls else []), *arguments, *[target(p, tls) for p in proxies]]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if run.returncode != 0:
        sys.exit(f"loadgen failed: {run.stderr}{run.stdout[-2000:]}")
    slices = {}
    for line in run.stdout.splitlines():
        one = json.loads(line)
        slices.setdefault(one.get("target", 0), {})[one.get("round", 0)] = one
    return [slices[i] for i in range(len(proxies))]


def per_cpu_second(one):
    return one["done"] / (one["cpu_ns"] / 1e9) if one["cpu_ns"] else 0


def ratios(slices, reference):
    return [per_cpu_second(slices[r]) / per_cpu_second(reference[r]) for r in slices if r in reference and per_cpu_second(reference[r])]


def ratio(slices, reference):
    values = ratios(slices, reference)
    return statistics.median(values) if values else 0


def noise(proxies, slices):
    """How far two copies of one program differ in this run: the middle half of the paired ratios of the rounds."""
    index = {p.name: i for i, p in enumerate(proxies)}
    if not {"weir", "weir-b"} <= set(index) or len(slices[0]) < 4:
        return ""
    low, middle, high = statistics.quantiles(ratios(slices[index["weir-b"]], slices[index["weir"]]), n=4)
    return f"Control (second copy of Weir / first): median {middle:.3f}, middle half of the rounds {low:.3f} to {high:.3f}."


def report(name, proxies, slices, goals, out):
    index = {p.name: i for i, p in enumerate(proxies)}
    base = next((n for n in ("weir", "weir-10", "weir-plain", "weir-open", "weir-rr") if n in index), proxies[0].name)
    columns = [n for n in ("nginx", "haproxy") if n in index] + [base]
    lines = [f"\n### {name}", "",
             "| proxy | requests per CPU-second | " + "".join(f"x {c} | " for c in columns) + "p50 µs | p99 µs | RSS MiB |",
             "|---|---|" + "---|" * (len(columns) + 3)]
    for i, proxy in enumerate(proxies):
        own = slices[i]
        cells = "".join(f"{ratio(own, slices[index[c]]):.2f} | " for c in columns)
        median = lambda key: statistics.median(s[key] for s in own.values())
        lines.append(f"| {proxy.name} | {statistics.median(map(per_cpu_second, own.values())):.0f} | {cells}"
                     f"{median('p50'):.0f} | {median('p99'):.0f} | {proxy.rss_kib() / 1024:.1f} |")
    notes = [f"{len(slices[0])} rounds, {sum(s['done'] for one in slices for s in one.values())} requests, 0 errors."]
    if goals and goals[0] and "weir" in index and {"nginx", "haproxy"} <= set(index):
        own = slices[index["weir"]]
        if "weir-b" in index:  # both copies count
            pairs = [(ratios(own, slices[index[r]]) + ratios(slices[index["weir-b"]], slices[index[r]])) for r in ("nginx", "haproxy")]
        else:
            pairs = [ratios(own, slices[index[r]]) for r in ("nginx", "haproxy")]
        got = [statistics.median(p) for p in pairs]
        verdict = "met" if got[0] >= goals[0] and got[1] >= goals[1] else "NOT met"
        notes.append(f"Goal {goals[0]:.2f} x nginx, {goals[1]:.2f} x haproxy: {got[0]:.2f}, {got[1]:.2f}, {verdict}.")
    notes.append(noise(proxies, slices))
    print("\n".join(lines) + "\n\n" + " ".join(n for n in notes if n), file=out, flush=True)


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


def swap(work, requests, out):
    """The table swapped 100 times a second under load: no failed request, no wrong backend, no closed connection."""
    # Left alone, Weir publishes at most 20 tables a second, however many changes come.
    proxy = Proxy("weir", work, flags=["--table-interval=0"])
    manifests = proxy.folder / "manifests"
    service = (manifests / "base.yaml").read_text().split("---\n")[:2]
    second = "---\n".join(service).replace("name: app", "name: other").replace("kubernetes.io/service-name: app",
                                                                              "kubernetes.io/service-name: other")
    (manifests / "second.yaml").write_text(second.replace(str(BACKEND_PORT), str(BACKEND_PORT + 1)))

    def ingress(host, name, backend):
        return f"""apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: "{name}"}}
spec:
  ingressClassName: nginx
  rules: [{{host: {host}, http: {{paths: [{{path: /api, pathType: Prefix, backend: {{service: {{name: {backend}, port: {{number: 80}}}}}}}}]}}}}]
"""

    def put(name, text):
        (manifests / (name + ".tmp")).write_text(text)
        os.rename(manifests / (name + ".tmp"), manifests / name)

    # Every second host has the second backend for good; one host changes its backend with each swap.
    lines = []
    for i, host in enumerate(HOSTS):
        if i % 2:
            put(f"odd-{i}.yaml", ingress(host, f"x-{host}", "other"))
            lines.append(f"s{i}.example.com b")
            put(f"odd-{i}.yaml", ingress(f"s{i}.example.com", f"x-{host}", "other"))
        else:
            lines.append(f"{host} a")
    lines += ["flip.example.com *"] * 10
    proxy.hosts_file = work / "swap-hosts"
    proxy.hosts_file.write_text("\n".join(lines) + "\n")
    put("flip.yaml", ingress("flip.example.com", "flip", "app"))
    time.sleep(1)
    published_before, done, swaps = published_tables(proxy), threading.Event(), [0]

    def swapper():
        began = time.monotonic()
        while not done.is_set():
            swaps[0] += 1
            put("flip.yaml", ingress("flip.example.com", "flip", "other" if swaps[0] % 2 else "app"))
            time.sleep(max(0, began + swaps[0] / 100 - time.monotonic()))

    thread = threading.Thread(target=swapper)
    began = time.monotonic()
    thread.start()
    try:
        run = subprocess.run([str(BUILD / "tests/bench/loadgen"), "--backend-port", str(BACKEND_PORT), "--path", "/api/1k", "--connections",
                              "64", "--requests", str(requests), target(proxy, False)], capture_output=True, text=True, timeout=950)
        seconds = time.monotonic() - began
    finally:
        done.set()
        thread.join()
    time.sleep(0.3)
    published = published_tables(proxy) - published_before
    proxy.stop()
    if run.returncode != 0:
        sys.exit(f"loadgen failed: {run.stderr}{run.stdout}")
    result = json.loads(run.stdout)
    if result["closed"] or result["errors"] or result["done"] < requests or not result["by_b"] or published < 0.9 * swaps[0]:
        sys.exit(f"failed: {result}, {swaps[0]} changes, {published} tables published")
    print(f"{result['done']} requests, {result['errors']} failed, {result['closed']} connections closed, answers of both backends as the "
          f"host says ({result['by_a']} and {result['by_b']}); {swaps[0]} changes of one Ingress in {seconds:.1f} s "
          f"({swaps[0] / seconds:.0f} a second), {published} tables published.", file=out, flush=True)


def published_tables(proxy):
    with socket.create_connection(("127.0.0.1", proxy.health), 5) as probe:
        probe.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = probe.makefile("rb").read().decode()
    for line in text.splitlines():
        if line.startswith("nginx_ingress_controller_success{"):
            return int(float(line.rsplit(" ", 1)[1]))
    sys.exit("no count of published tables in /metrics")


OTHER_BINARY = None


def main():
    global OTHER_BINARY
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--proxies", default="")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--idle", action="store_true", help="measure memory per idle connection instead")
    parser.add_argument("--many-hosts", action="store_true", help="measure 100,000 hosts against 10 instead")
    parser.add_argument("--swap", action="store_true", help="swap the table 100 times a second under load instead")
    for figure in ("policies", "auth", "start", "scrape"):
        parser.add_argument("--" + figure, action="store_true", help="see figures.py")
    parser.add_argument("--requests", type=int, default=1_000_000, help="of --swap")
    parser.add_argument("--against", help="another weir program, called `other` in the tables")
    parser.add_argument("--keep", action="store_true", help="leave the working folder")
    parser.add_argument("--out", help="append to this file instead of standard output")
    options = parser.parse_args()
    OTHER_BINARY = options.against
    out = open(options.out, "a") if options.out else sys.stdout
    work = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
    make_certificates(work)
    rivals = ["nginx", "haproxy", *(["envoy"] if ENVOY else [])]
    names = options.proxies.split(",") if options.proxies else ["weir", "weir-b", "other"] if OTHER_BINARY else [*rivals, "weir", "weir-b"]
    proxies = []
    try:
        if options.idle:
            print("| proxy | state | RSS per connection |\n|---|---|---|", file=out)
            for name in [n for n in names if n != "weir-b"]:
                idle_memory(name, work, out)
            return
        if options.policies or options.auth or options.start or options.scrape:
            import figures  # it uses this module
            figures.measure(options, work, out)
            return
        if options.swap:
            swap(work, options.requests, out)
            return
        if options.many_hosts:
            names = list(MANY)
        for name in names:
            proxies.append(Proxy(name, work))
        if options.many_hosts:  # every host has been asked before: its metric series exist
            for proxy in proxies:
                load([proxy], ["--path", "/api/1k", "--connections", "64", "--requests", "600000"], 1, False)
        for name in ["get1k"] if options.many_hosts else options.workloads.split(","):
            load_arguments, tls, *goals = WORKLOADS[name]
            rounds = max(options.rounds, 31) if name == "rate8k" else options.rounds
            report(name, proxies, load(proxies, load_arguments, rounds, tls), goals, out)
    finally:
        for proxy in proxies:
            proxy.stop()
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.modules["run"] = sys.modules["__main__"]
    main()
