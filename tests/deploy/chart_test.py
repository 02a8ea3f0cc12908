#!/usr/bin/env python3
"""The Helm chart: lint, every value file of ci/, the names that others rely on, the alerts. Needs helm and promtool
(./dev installs them)."""
import functools
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/helm/weir"
HELM = os.environ.get("WEIR_HELM", "helm")


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **more)


def render(*arguments, release="ingress-nginx", namespace="ingress-nginx"):
    done = run(HELM, "template", release, str(CHART), "-n", namespace, *arguments)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return {(d["kind"], d["metadata"]["name"]): d for d in yaml.safe_load_all(done.stdout) if d}


def value_file(name):
    return ("-f", str(CHART / "ci" / f"{name}-values.yaml"))


def container(objects, kind="Deployment"):
    return objects[kind, "ingress-nginx-controller"]["spec"]["template"]["spec"]["containers"][0]


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Chart(unittest.TestCase):
    def test_every_value_file_passes_lint_and_renders(self):
        files = sorted((CHART / "ci").glob("*.yaml"))
        self.assertGreaterEqual(len(files), 5)
        for file in files:
            with self.subTest(file.name):
                done = run(HELM, "lint", "--strict", str(CHART), "-f", str(file))
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertTrue(render("-f", str(file)))

    def test_names_are_those_that_users_of_the_original_select_by(self):
        objects = render("--set", "controller.metrics.enabled=true")
        for kind, name in [("Deployment", "ingress-nginx-controller"), ("Service", "ingress-nginx-controller"),
                           ("Service", "ingress-nginx-controller-metrics"),
                           ("Service", "ingress-nginx-controller-admission"),
                           ("ConfigMap", "ingress-nginx-controller"), ("IngressClass", "nginx"),
                           ("ServiceAccount", "ingress-nginx"),
                           ("ValidatingWebhookConfiguration", "ingress-nginx-admission")]:
            self.assertIn((kind, name), objects)
        labels = objects["Deployment", "ingress-nginx-controller"]["spec"]["selector"]["matchLabels"]
        self.assertEqual(labels, {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller",
                                  "app.kubernetes.io/instance": "ingress-nginx"})
        self.assertEqual(container(objects)["name"], "controller")

    def test_another_release_name_is_put_in_front(self):
        self.assertIn(("Deployment", "edge-ingress-nginx-controller"), render(release="edge"))

    def test_the_production_values_of_the_seed_have_their_effect(self):
        objects = render(*value_file("seed"))
        scaler = objects["HorizontalPodAutoscaler", "ingress-nginx-controller"]["spec"]
        self.assertEqual((scaler["minReplicas"], scaler["maxReplicas"]), (3, 10))
        deployment = objects["Deployment", "ingress-nginx-controller"]["spec"]
        self.assertNotIn("replicas", deployment)
        self.assertEqual(deployment["template"]["spec"]["nodeSelector"]["node.kubernetes.io/purpose"], "ingress")
        self.assertEqual(objects["Service", "ingress-nginx-controller"]["spec"]["externalTrafficPolicy"], "Local")
        self.assertEqual(container(objects)["resources"]["requests"], {"memory": "256Mi", "cpu": "100m"})
        self.assertIn("--enable-metrics=true", container(objects)["args"])
        monitor = objects["ServiceMonitor", "ingress-nginx-controller"]
        self.assertEqual(monitor["metadata"]["labels"]["release"], "prometheus")
        self.assertEqual(monitor["spec"]["endpoints"][0]["port"], "metrics")
        self.assertIn(("PodDisruptionBudget", "ingress-nginx-controller"), objects)

    def test_the_pod_has_no_right_that_it_does_not_need(self):
        context = container(render())["securityContext"]
        self.assertEqual(context["capabilities"], {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]})
        self.assertTrue(context["runAsNonRoot"] and context["readOnlyRootFilesystem"])
        self.assertFalse(context["allowPrivilegeEscalation"])
        self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"})
        high = container(render(*value_file("unprivileged-ports")))
        self.assertEqual(high["securityContext"]["capabilities"], {"drop": ["ALL"]})
        for flag in ("--http-port=8080", "--https-port=8443", "--healthz-port=10999", "--validating-webhook=:9443"):
            self.assertIn(flag, high["args"])
        self.assertEqual(high["livenessProbe"]["httpGet"]["port"], 10999)

    def test_a_namespaced_release_has_no_cluster_role(self):
        kinds = {kind for kind, _ in render(*value_file("namespaced"))}
        self.assertFalse({k for k in kinds if k.startswith("Cluster") or "Webhook" in k or k == "IngressClass"})
        self.assertIn("Role", kinds)

    def test_a_role_without_a_scope_is_refused(self):
        done = run(HELM, "template", "x", str(CHART), "--set", "rbac.scope=true")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("controller.scope.enabled", done.stderr)

    def test_config_values_of_any_type_are_texts_and_templates(self):
        data = render(*value_file("everything"))["ConfigMap", "ingress-nginx-controller"]["data"]
        self.assertEqual(data["use-forwarded-headers"], "true")
        self.assertEqual(data["keep-alive"], "75")
        self.assertEqual(data["log-format-upstream"], '{"host": "$host", "release": "ingress-nginx"}')
        self.assertEqual(data["add-headers"], "ingress-nginx/ingress-nginx-custom-add-headers")

    def test_tcp_and_udp_values_become_flags_maps_and_ports(self):
        objects = render("--set", "tcp.5432=default/db:sql:PROXY", "--set", "udp.53=kube-system/dns:53", "--set", "controller.networkPolicy.enabled=true",
                         "--set", "controller.containerPort.http=8080", "--set", "controller.containerPort.https=8443",
                         "--set", "controller.tcp.configMapNamespace=maps")
        pod = container(objects)
        self.assertIn("--tcp-services-configmap=maps/ingress-nginx-tcp", pod["args"])
        self.assertIn("--udp-services-configmap=$(POD_NAMESPACE)/ingress-nginx-udp", pod["args"])
        tcp, udp = objects["ConfigMap", "ingress-nginx-tcp"], objects["ConfigMap", "ingress-nginx-udp"]
        self.assertEqual((tcp["data"], tcp["metadata"]["namespace"]), ({"5432": "default/db:sql:PROXY"}, "maps"))
        self.assertEqual((udp["data"], udp["metadata"]["namespace"]), ({"53": "kube-system/dns:53"}, "ingress-nginx"))
        opened = [(x["containerPort"], x["protocol"]) for x in pod["ports"]]
        self.assertIn((5432, "TCP"), opened)
        self.assertIn((53, "UDP"), opened)
        in_service = {x["port"]: (x["protocol"], x["targetPort"]) for x in objects["Service", "ingress-nginx-controller"]["spec"]["ports"]}
        self.assertEqual((in_service[5432], in_service[53]), (("TCP", "5432-tcp"), ("UDP", "53-udp")))
        allowed = objects["NetworkPolicy", "ingress-nginx-controller"]["spec"]["ingress"][0]["ports"]
        self.assertIn({"protocol": "TCP", "port": 5432}, allowed)
        self.assertIn({"protocol": "UDP", "port": 53}, allowed)
        # 53 is the only port below 1024.
        self.assertEqual(pod["securityContext"]["capabilities"].get("add"), ["NET_BIND_SERVICE"])
        high = container(render("--set", "udp.5353=kube-system/dns:53", "--set", "controller.containerPort.http=8080",
                                "--set", "controller.containerPort.https=8443"))
        self.assertNotIn("add", high["securityContext"]["capabilities"])

    def test_a_namespaced_release_may_read_maps_of_tcp_and_udp_services_elsewhere(self):
        objects = render("--set", "rbac.scope=true", "--set", "controller.scope.enabled=true", "--set", "tcp.5432=default/db:5432",
                         "--set", "controller.tcp.configMapNamespace=maps")
        self.assertIn("maps", {o["metadata"].get("namespace") for (kind, _), o in objects.items() if kind == "Role"})

    def test_unknown_values_are_no_error(self):
        self.assertTrue(render("--set", "controller.aValueNobodyKnows.deep=1"))

    def test_the_webhook_trusts_the_certificate_it_serves(self):
        objects = render()
        secret = objects["Secret", "ingress-nginx-admission"]["data"]
        webhook = objects["ValidatingWebhookConfiguration", "ingress-nginx-admission"]["webhooks"][0]
        self.assertEqual(webhook["clientConfig"]["caBundle"], secret["ca"])
        self.assertEqual(webhook["failurePolicy"], "Fail")
        import base64
        with tempfile.TemporaryDirectory() as folder:
            for name in ("ca", "cert"):
                pathlib.Path(folder, name).write_bytes(base64.b64decode(secret[name]))
            done = run("openssl", "verify", "-CAfile", f"{folder}/ca", "-verify_hostname",
                       "ingress-nginx-controller-admission.ingress-nginx.svc", f"{folder}/cert")
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_flags_of_the_chart_are_flags_of_the_program(self):
        program = os.environ.get("WEIR_PROGRAM", str(ROOT / "build/release/weir"))
        flags = set(run(program, "serve", "--help").stdout.replace(",", " ").split())
        for name in ("default", "seed", "everything", "namespaced", "daemonset-hostnetwork", "unprivileged-ports"):
            objects = render(*value_file(name))
            kind = "DaemonSet" if name.startswith("daemonset") else "Deployment"
            for argument in container(objects, kind)["args"][1:]:
                self.assertIn(argument.split("=")[0], flags)

    def test_a_served_chart_repository_is_added_and_installed_from(self):
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(2):  # making it again changes nothing
                done = run(str(ROOT / "deploy/helm/package"), f"{folder}/repository")
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            files = functools.partial(QuietFiles, directory=f"{folder}/repository")
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), files)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            homes = {f"HELM_{name}_HOME": f"{folder}/{name}" for name in ("CACHE", "CONFIG", "DATA")}
            more = {"env": {**os.environ, **homes}}
            try:
                for command in (("repo", "add", "weir", f"http://127.0.0.1:{server.server_port}"), ("repo", "update")):
                    done = run(HELM, *command, **more)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                done = run(HELM, "template", "ingress-nginx", "weir/weir", "-n", "ingress-nginx", **more)
            finally:
                server.shutdown()
                server.server_close()
            self.assertEqual(done.returncode, 0, done.stderr)
            objects = {(d["kind"], d["metadata"]["name"]) for d in yaml.safe_load_all(done.stdout) if d}
            self.assertEqual(objects, set(render()))

    def test_alerts_fire_when_they_should(self):
        with tempfile.TemporaryDirectory() as folder:
            rules = yaml.safe_load((CHART / "files/alerts.yaml").read_text())
            text = yaml.safe_dump({"groups": [{"name": "weir", "rules": rules}]})
            pathlib.Path(folder, "alerts.rules.yaml").write_text(text)
            shutil.copy(ROOT / "tests/deploy/alerts_test.yaml", folder)
            done = run("promtool", "test", "rules", "alerts_test.yaml", cwd=folder)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    if shutil.which(HELM) is None:
        sys.exit("chart_test: helm is not here: run ./dev test, which fetches it")
    unittest.main()
