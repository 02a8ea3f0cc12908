#!/usr/bin/env python3
"""A real Prometheus scrapes a running Weir, and every expression of dashboards.yaml returns data."""
import base64
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
from ports import free_port  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = os.environ.get("WEIR_PROGRAM", str(HERE.parents[1] / "build/release/weir"))
DEADLINE = 60  # seconds for all expressions to have data


def manifests(folder, backend_port):
    key, certificate = f"{folder}/key.pem", f"{folder}/cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "30",
                    "-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example"], check=True, capture_output=True)
    encoded = {name: base64.b64encode(pathlib.Path(path).read_bytes()).decode()
               for name, path in (("tls.crt", certificate), ("tls.key", key))}
    objects = [
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web", "namespace": "shop", "annotations": {
            "nginx.ingress.kubernetes.io/ssl-redirect": "false"}},
         "spec": {"ingressClassName": "nginx", "tls": [{"hosts": ["shop.example"], "secretName": "cert"}], "rules": [
             {"host": "shop.example", "http": {"paths": [
                 {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}},
                 {"path": "/gone", "pathType": "Prefix", "backend": {"service": {"name": "gone", "port": {"number": 80}}}}]}}]}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
         "spec": {"clusterIP": "10.96.0.10", "ports": [{"port": 80, "targetPort": backend_port}]}},
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
         "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
         "ports": [{"port": backend_port}], "endpoints": [{"addresses": ["127.0.0.1"]}]},
        {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "cert", "namespace": "shop"},
         "data": encoded}]
    pathlib.Path(folder, "manifests").mkdir()
    pathlib.Path(folder, "manifests/all.yaml").write_text(yaml.safe_dump_all(objects))


class Prometheus(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.ports = {name: free_port() for name in ("echo", "http", "https", "health", "prometheus")}
        manifests(self.folder.name, self.ports["echo"])
        environment = dict(os.environ, POD_NAME="weir-0", POD_NAMESPACE="ingress-nginx")
        self.spawn([PROGRAM, "echo", f"--port={self.ports['echo']}"], environment)
        self.spawn([PROGRAM, "serve", f"--manifests={self.folder.name}/manifests", f"--http-port={self.ports['http']}",
                    f"--https-port={self.ports['https']}", f"--healthz-port={self.ports['health']}", "--enable-metrics"],
                   environment)
        config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [{
            "job_name": "ingress-nginx-controller-metrics", "static_configs": [{
                "targets": [f"127.0.0.1:{self.ports['health']}"],
                "labels": {"namespace": "ingress-nginx", "kubernetes_pod_name": "weir-0"}}]}]}
        pathlib.Path(self.folder.name, "prometheus.yml").write_text(yaml.safe_dump(config))
        self.spawn(["prometheus", f"--config.file={self.folder.name}/prometheus.yml", f"--storage.tsdb.path={self.folder.name}/data",
                    f"--web.listen-address=127.0.0.1:{self.ports['prometheus']}"], environment)

    def spawn(self, command, environment):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.kill)

    def request(self, path, status):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=5)
        connection.request("POST", path, body=b"x" * 100, headers={"Host": "shop.example"})
        self.assertEqual(connection.getresponse().status, status)
        connection.close()

    def query(self, expression):
        url = f"http://127.0.0.1:{self.ports['prometheus']}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(url, timeout=10) as answer:
            return [result for result in json.load(answer)["data"]["result"] if result["value"][1] != "NaN"]

    def until(self, condition):
        end = time.monotonic() + DEADLINE
        while True:
            try:
                if condition():
                    return True
            except OSError:
                pass  # not listening yet
            if time.monotonic() > end:
                return False
            time.sleep(0.5)

    def test_every_expression_of_the_dashboards_returns_data(self):
        wanted = yaml.safe_load((HERE / "dashboards.yaml").read_text())
        health = f"http://127.0.0.1:{self.ports['health']}/readyz"
        self.assertTrue(self.until(lambda: urllib.request.urlopen(health, timeout=5).status == 200))
        missing = list(wanted["expressions"])

        def ask():
            for _ in range(5):
                self.request("/", 200)
            self.request("/gone", 503)
            missing[:] = [expression for expression in missing if not self.query(expression)]
            return not missing

        self.until(ask)
        self.assertEqual(missing, [])
        for family, label in wanted["variables"]:
            values = {result["metric"].get(label) for result in self.query(f"count by ({label}) ({family})")}
            self.assertTrue(values - {None, ""}, (family, label))


if __name__ == "__main__":
    unittest.main()
