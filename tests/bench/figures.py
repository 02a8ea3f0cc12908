"""Further figures of `./dev bench`:

--policies   copies of Weir in one run: CORS, a rate limit, an allow list and HSTS against none of them (HTTP and HTTPS), and ewma against
             round robin over two endpoints.
--auth       auth-url, auth-cache-key and auth-response-headers against none of them; the service is asked once, then its answer is kept.
--start      from the start of the program until it is ready with 100 Ingresses, the median of 11 starts.
--scrape     a scrape of more than 50,000 series, the median of 11.
"""
import gzip
import http.client
import http.server
import os
import pathlib
import socket
import statistics
import subprocess
import threading
import time

import run

ENDPOINTS = 2
SCRAPED_HOSTS = 700  # each has some 80 series once it was asked for
STARTS = 11

POLICIES = ('nginx.ingress.kubernetes.io/enable-cors: "true", nginx.ingress.kubernetes.io/limit-rps: "10000000", '
            'nginx.ingress.kubernetes.io/allowlist-source-range: "10.0.0.0/8,127.0.0.0/8"')
AUTH = ('nginx.ingress.kubernetes.io/auth-url: "http://127.0.0.1:AUTH_PORT/check", '
        'nginx.ingress.kubernetes.io/auth-cache-key: "$cookie_session", nginx.ingress.kubernetes.io/auth-cache-duration: "200 1h", '
        'nginx.ingress.kubernetes.io/auth-response-headers: "X-Auth-Request-User, X-Auth-Request-Email"')
SESSION = "session=0123456789abcdef0123456789abcdef"  # the load generator's
# name: (annotations, settings, endpoints)
VARIANTS = {
    "weir-plain": ("", 'hsts: "false"', 1),
    "weir-policies": (POLICIES, 'hsts: "true"', 1),
    "weir-open": ("", 'hsts: "false"', 1),
    "weir-auth": (AUTH, 'hsts: "false"', 1),
    "weir-rr": ('nginx.ingress.kubernetes.io/load-balance: "round_robin"', 'hsts: "false"', ENDPOINTS),
    "weir-ewma": ('nginx.ingress.kubernetes.io/load-balance: "ewma"', 'hsts: "false"', ENDPOINTS),
}


class Variant(run.Proxy):
    def write_objects(self, folder):
        annotations, settings, endpoints = VARIANTS[self.name]
        annotations = annotations.replace("AUTH_PORT", str(AuthService.port))
        run.write_manifests(folder, self.hosts, self.work, annotations, settings)
        if endpoints > 1:  # the load generator's second backend
            text = (folder / "base.yaml").read_text().split("---\n")[1]
            text = text.replace("name: app-1", "name: app-2").replace(str(run.BACKEND_PORT), str(run.BACKEND_PORT + 1))
            (folder / "second.yaml").write_text(text)


class Scraped(run.Proxy):
    def write_objects(self, folder):
        self.hosts = run.many_hosts(SCRAPED_HOSTS)
        self.hosts_file = self.folder / "hosts"
        self.hosts_file.write_text("\n".join(self.hosts) + "\n")
        run.write_manifests(folder, self.hosts, self.work)


def check(proxy):
    """The policies that are measured are in force."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.http, timeout=10)
    connection.request("GET", "/api/1k", headers={"Host": run.HOST, "Origin": "https://shop.example.com"})
    answer = connection.getresponse()
    connection.close()
    allowed = answer.getheader("Access-Control-Allow-Origin") is not None
    if allowed != (proxy.name == "weir-policies"):
        raise SystemExit(f"{proxy.name}: {answer.status} {answer.getheaders()}")


def policies(options, work, out):
    for names, workloads in ((("weir-plain", "weir-policies"), ("get1k", "https1k")), (("weir-rr", "weir-ewma"), ("get1k",))):
        proxies = []
        try:
            for name in names:
                proxies.append(Variant(name, work))
                check(proxies[-1])
            for workload in workloads:
                arguments, tls, *_ = run.WORKLOADS[workload]
                arguments = [*arguments, "--field", "Origin: https://shop.example.com"]
                run.report(workload, proxies, run.load(proxies, arguments, options.rounds, tls), None, out)
        finally:
            for proxy in proxies:
                proxy.stop()


class AuthService:
    """Lets everybody in as alice, and counts how often it was asked."""

    port = 0
    asked = 0

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            AuthService.asked += 1
            self.send_response(200)
            self.send_header("X-Auth-Request-User", "alice")
            self.send_header("X-Auth-Request-Email", "alice@example.com")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.Handler)
        AuthService.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()


def auth(options, work, out):
    service = AuthService()
    proxies = []
    try:
        for name in ("weir-open", "weir-auth"):
            proxies.append(Variant(name, work))
        # The answer is there before 64 connections ask for it at once.
        connection = http.client.HTTPConnection("127.0.0.1", proxies[-1].http, timeout=10)
        connection.request("GET", "/api/1k", headers={"Host": run.HOST, "Cookie": SESSION})
        connection.getresponse().read()
        connection.close()
        arguments, tls, *_ = run.WORKLOADS["get1k"]
        slices = run.load(proxies, arguments, options.rounds, tls)
        if AuthService.asked != 1:
            raise SystemExit(f"the authentication service was asked {AuthService.asked} times")
        run.report("get1k", proxies, slices, None, out)
    finally:
        for proxy in proxies:
            proxy.stop()
        service.stop()


def is_ready(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as probe:
            probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return b" 200 " in probe.makefile("rb").readline()
    except OSError:
        return False


def start(work, out):
    manifests = work / "start"
    manifests.mkdir()
    run.write_manifests(manifests, run.HOSTS[:100], work)
    binary = os.environ.get("WEIR_BINARY", run.BUILD / "weir")
    times = []
    for _ in range(STARTS):
        ports = [run.free_port() for _ in range(3)]
        began = time.monotonic()
        process = subprocess.Popen([binary, "serve", f"--manifests={manifests}", f"--http-port={ports[0]}", f"--https-port={ports[1]}",
                                    f"--healthz-port={ports[2]}", "--configmap=weir/weir", "--enable-metrics",
                                    "--post-shutdown-grace-period=0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not is_ready(ports[2]):
                if process.poll() is not None or time.monotonic() > began + 30:
                    raise SystemExit("Weir was not ready")
                time.sleep(0.001)
            times.append(1000 * (time.monotonic() - began))
        finally:
            process.terminate()
            process.wait()
    print(f"ready with 100 Ingresses after {statistics.median(times):.0f} ms (median of {STARTS}; {min(times):.0f} to {max(times):.0f})",
          file=out, flush=True)


def get_metrics(port, coding):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/metrics", headers={"Accept-Encoding": coding})
    text = connection.getresponse().read()
    connection.close()
    return text


def scrape(work, out):
    proxy = Scraped("weir", work)
    try:
        run.load([proxy], ["--path", "/api/1k", "--connections", "64", "--requests", str(30 * SCRAPED_HOSTS)], 1, False)
        for coding in ("identity", "gzip"):
            times, cpu = [], []
            for _ in range(STARTS):
                before = cpu_seconds(proxy.pid)
                began = time.monotonic()
                body = get_metrics(proxy.health, coding)
                times.append(1000 * (time.monotonic() - began))
                cpu.append(1000 * (cpu_seconds(proxy.pid) - before))
            text = gzip.decompress(body) if coding == "gzip" else body
            series = sum(1 for line in text.splitlines() if line and not line.startswith(b"#"))
            print(f"{series} series, {len(text) / 1e6:.1f} MB, {len(body) / 1e6:.1f} MB as {coding}: {statistics.median(times):.0f} ms "
                  f"(median of {STARTS}; {min(times):.0f} to {max(times):.0f}), of which {statistics.median(cpu):.0f} ms of CPU in Weir",
                  file=out, flush=True)
    finally:
        proxy.stop()


def cpu_seconds(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def measure(options, work, out):
    if options.policies:
        policies(options, work, out)
    if options.auth:
        auth(options, work, out)
    if options.start:
        start(work, out)
    if options.scrape:
        scrape(work, out)
