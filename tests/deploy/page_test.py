#!/usr/bin/env python3
"""The page of --admin-page in headless Chromium, and the debug socket with `weir config` and `weir dbg`."""
import http.client
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
from ports import free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("WEIR_PROGRAM", str(ROOT / "build/release/weir"))
BROWSERS = ("chromium-headless-shell", "chromium")

MANIFESTS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    nginx.ingress.kubernetes.io/proxy-body-size: 8m
    nginx.ingress.kubernetes.io/rewrite-traget: /
spec:
  ingressClassName: nginx
  rules:
    - host: shop.example
      http: {paths: [{path: /<b>cart, pathType: ImplementationSpecific, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.1, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
addressType: IPv4
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
ports: [{port: 8080}]
endpoints: [{addresses: [10.1.2.3]}]
"""


class Page(unittest.TestCase):
    def start(self, *flags):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        manifests = pathlib.Path(folder.name, "manifests")
        manifests.mkdir()
        (manifests / "all.yaml").write_text(MANIFESTS)
        self.port = free_port()
        self.environment = dict(os.environ, TMPDIR=folder.name)
        process = subprocess.Popen(
            [PROGRAM, "serve", f"--manifests={manifests}", f"--http-port={free_port()}", f"--https-port={free_port()}",
             f"--healthz-port={self.port}", "--post-shutdown-grace-period=0", *flags],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment)
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.terminate)
        self.folder = pathlib.Path(folder.name)
        end = time.monotonic() + 20
        while self.get("/readyz") != 200:
            self.assertLess(time.monotonic(), end, "not ready in time")
            time.sleep(0.05)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()

    def weir(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=30, env=self.environment)

    def dom(self, fragment):
        browser = next((found for found in map(shutil.which, BROWSERS) if found), None)
        self.assertIsNotNone(browser, "no Chromium: ./dev test installs it")
        done = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={self.folder}/browser",
                               "--virtual-time-budget=3000", "--dump-dom", f"http://127.0.0.1:{self.port}/#{fragment}"],
                              capture_output=True, text=True, timeout=60)
        return done.stdout

    def test_the_page_shows_hosts_owners_endpoints_policies_and_problems(self):
        self.start("--admin-page")
        dom = self.dom("hosts")
        for text in ("shop.example", "default/shop", "10.1.2.3:8080", "proxy-body-size: 8m", "rewrite-target"):
            self.assertIn(text, dom)
        # A path that looks like markup is shown, not run.
        self.assertIn("/&lt;b&gt;cart", dom)
        self.assertRegex(dom, r'id="state"[^>]*></small>')

    def test_the_port_shows_nothing_without_the_flag(self):
        self.start()
        for path in ("/", "/api/v1/overview", "/api/v1/hosts"):
            self.assertEqual(self.get(path), 404)

    def test_config_and_dbg_ask_the_socket(self):
        self.start()
        config = self.weir("config", "shop.example")
        self.assertEqual(config.returncode, 0, config.stderr)
        self.assertIn("## start server shop.example", config.stdout)
        backends = self.weir("dbg", "backends", "all")
        self.assertEqual(json.loads(backends.stdout)[0]["endpoints"], [{"address": "10.1.2.3", "port": "8080"}])
        self.assertIn("default-web-80", self.weir("dbg", "backends", "list").stdout)
        self.assertEqual(self.weir("dbg", "general").stdout, "{}\n")
        self.assertEqual(self.weir("dbg", "backends", "get", "nobody").returncode, 1)
        self.assertEqual(self.weir("config", "nobody.example").returncode, 1)
        self.assertEqual(self.weir("dbg", "nonsense").returncode, 2)

    def test_only_the_own_user_may_open_the_socket(self):
        self.start()
        sockets = list(self.folder.glob("weir-*.sock"))
        self.assertEqual(len(sockets), 1)
        self.assertEqual(stat.S_IMODE(sockets[0].stat().st_mode), 0o600)

    def test_without_a_daemon_it_says_so(self):
        self.environment = dict(os.environ, TMPDIR=tempfile.gettempdir() + "/weir-nobody")
        done = self.weir("config")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no running Weir was found", done.stderr)


if __name__ == "__main__":
    unittest.main()
