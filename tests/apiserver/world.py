"""What the cases of this folder act with: Weir as a process, backends, load, RBAC, objects. Standard library and PyYAML
only. Everything runs in the network namespace of in-netns."""
import base64
import concurrent.futures
import http.client
import http.server
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import yaml

from cluster import ClusterError

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
from ports import free_port  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Sanitizer builds and busy machines are slow; every wait is a deadline, never a fixed pause.
DEADLINE = float(os.environ.get("WEIR_TEST_DEADLINE", "30"))
BACKEND_PORT = 8080
CONTROLLER_NAMESPACE = "ingress"


class Failed(Exception):
    pass


def check(condition, text):
    if not condition:
        raise Failed(text)


# After an API server that was away, the informers of the controllers come back with pauses of up to 60 s.
CONTROLLERS_BACK = 120


def wait_for(what, question, deadline=DEADLINE):
    """Asks until the answer is true, and returns it. An error of the question counts as no."""
    end = time.monotonic() + deadline
    last = None
    while time.monotonic() < end:
        try:
            answer = question()
            if answer:
                return answer
            last = answer
        except (OSError, http.client.HTTPException, ClusterError, KeyError, IndexError, ValueError) as error:
            last = error
        time.sleep(0.05)
    raise Failed(f"not within {deadline:.0f} s: {what} (last: {last!r})")


# ----------------------------------------------------------------------------------------------------------- backends
class Backends:
    """One server on every address: answers who was reached and what was asked, `NAME METHOD TARGET`."""

    def __init__(self):
        self.names = {}  # address -> name
        self.next = 10
        backends = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                name = backends.names.get(self.connection.getsockname()[0].removeprefix("::ffff:"), "nobody")
                body = f"{name} {self.command} {self.path}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_HEAD = answer

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6
            daemon_threads = True
            request_queue_size = 512

        self.server = Server(("::", BACKEND_PORT), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def address(self, name):
        """A new address that answers with `name`."""
        self.next += 1
        text = f"198.18.{self.next // 250}.{self.next % 250 + 1}"
        self.names[text] = name
        return text


# --------------------------------------------------------------------------------------------------------------- Weir
class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def __repr__(self):
        return f"{self.status} {self.body[:80]!r}"


def request(port, host, path="/", method="GET", tls=False, timeout=5):
    """One request on a connection of its own."""
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        raw = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout)
        connection.sock = context.wrap_socket(raw, server_hostname=host)
        certificate = connection.sock.getpeercert(binary_form=True)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        certificate = None
    try:
        connection.request(method, path, headers={"Host": host})
        reply = connection.getresponse()
        answer = Answer(reply.status, dict((n.lower(), v) for n, v in reply.getheaders()),
                        reply.read().decode("latin-1"))
        answer.certificate = certificate
        return answer
    finally:
        connection.close()


class Weir:
    """A `weir serve`; use it in a `with` block."""

    def __init__(self, binary, *flags, pod="weir-1", namespace=CONTROLLER_NAMESPACE, ports=None, ready=True):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="weir-apiserver-"))
        self.http, self.https = ports or (free_port(), free_port())
        self.health = free_port()
        command = [binary, "serve", f"--http-port={self.http}", f"--https-port={self.https}",
                   f"--healthz-port={self.health}", "--enable-metrics", "--post-shutdown-grace-period=0", *flags]
        self.log_file = self.work / "log"
        environment = dict(os.environ, POD_NAME=pod, POD_NAMESPACE=namespace)
        environment.pop("KUBECONFIG", None)
        with open(self.log_file, "wb") as log, open(self.work / "access", "wb") as access:
            self.process = subprocess.Popen([str(c) for c in command], stdout=access, stderr=log, env=environment)
        if ready:
            self.wait_ready()

    def wait_ready(self, deadline=DEADLINE):
        def ready():
            if self.process.poll() is not None:
                raise Failed(f"weir ended with {self.process.returncode}")
            return request(self.health, "x", "/readyz").status == 200
        try:
            wait_for("weir is ready", ready, deadline)
        except Failed as failure:
            raise Failed(f"{failure}; its log:\n{self.log()}") from None

    def log(self):
        return self.log_file.read_text(errors="replace")

    def get(self, host, path="/", **more):
        port = self.https if more.get("tls") else self.http
        return request(port, host, path, **more)

    def metrics(self):
        """Series as text -> value; of the labels only those that are no constant ones."""
        result = {}
        for line in request(self.health, "x", "/metrics").body.splitlines():
            if line.startswith("#") or " " not in line:
                continue
            series, _, value = line.rpartition(" ")
            name, _, labels = series.partition("{")
            kept = [l for l in labels.rstrip("}").split(",") if l and not l.startswith("controller_")]
            result[name + ("{" + ",".join(kept) + "}" if kept else "")] = float(value)
        return result

    def metric(self, name):
        return self.metrics().get(name)

    def stop(self, how=signal.SIGTERM, deadline=DEADLINE):
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(deadline)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failed(f"weir did not end within {deadline:.0f} s:\n{self.log()}") from None
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print("--- log of weir ---\n" + "\n".join(self.log().splitlines()[-40:]))
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


# --------------------------------------------------------------------------------------------------------------- load
class Load:
    """Requests in a row, a few at a time, half of them on new connections, until the block ends. Whatever is not the
    expected answer is noted."""

    def __init__(self, weir, hosts, threads=3, pause=0.004, limit=200000, expect=lambda answer: answer.status == 200):
        self.weir, self.hosts, self.pause, self.limit, self.expect = weir, hosts, pause, limit, expect
        self.stopping = threading.Event()
        self.count = 0
        self.failures = []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(i,), daemon=True) for i in range(threads)]

    def run(self, number):
        kept = None
        for turn in range(self.limit // len(self.threads)):
            if self.stopping.is_set():
                break
            host = self.hosts[(turn + number) % len(self.hosts)]
            try:
                if kept is None or turn % 2 == 0:
                    if kept:
                        kept.close()
                    kept = http.client.HTTPConnection("127.0.0.1", self.weir.http, timeout=10)
                kept.request("GET", f"/load/{turn}", headers={"Host": host})
                reply = kept.getresponse()
                answer = Answer(reply.status, {}, reply.read().decode("latin-1"))
                problem = None if self.expect(answer) else f"{host}: {answer!r}"
            except (OSError, http.client.HTTPException) as error:
                problem = f"{host}: {error!r}"
                kept = None
            with self.lock:
                self.count += 1
                if problem:
                    self.failures.append(problem)
            time.sleep(self.pause)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        end = time.monotonic() + DEADLINE
        while kind is None and self.count < 100 and time.monotonic() < end:
            time.sleep(0.05)
        self.stopping.set()
        for thread in self.threads:
            thread.join(20)
        if kind is None:
            self.verify()

    def verify(self):
        check(self.count > 50, f"the load made only {self.count} requests")
        check(not self.failures,
              f"{len(self.failures)} of {self.count} requests failed, the first: {self.failures[:3]}")


# ------------------------------------------------------------------------------------------------------------- objects
def ingress_class(name, controller="k8s.io/ingress-nginx"):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name},
            "spec": {"controller": controller}}


def ingress(namespace, name, host, service, path="/", annotations=None, class_name="nginx"):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"namespace": namespace, "name": name, "annotations": {
                "nginx.ingress.kubernetes.io/" + k: v for k, v in (annotations or {}).items()}},
            "spec": {"ingressClassName": class_name, "rules": [{"host": host, "http": {"paths": [
                {"path": path, "pathType": "Prefix",
                 "backend": {"service": {"name": service, "port": {"number": 80}}}}]}}]}}


def by_annotation(objects):
    """IngressClasses belong to the whole cluster: where they cannot be read, the annotation names the class."""
    del objects[-1]["spec"]["ingressClassName"]
    objects[-1]["metadata"]["annotations"]["kubernetes.io/ingress.class"] = "nginx"
    return objects


def service(namespace, name, selector=None, **spec):
    spec = {"ports": [{"name": "http", "port": 80, "targetPort": BACKEND_PORT}], **spec}
    if selector:
        spec["selector"] = selector
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": namespace, "name": name}, "spec": spec}


def slice_of(namespace, service_name, *addresses, ready=True):
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"namespace": namespace, "name": f"{service_name}-1",
                         "labels": {"kubernetes.io/service-name": service_name}},
            "addressType": "IPv4", "ports": [{"name": "http", "port": BACKEND_PORT}],
            "endpoints": [{"addresses": [a], "conditions": {"ready": ready}} for a in addresses]}


def namespace_object(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def node(name, internal, external=None):
    addresses = [{"type": "InternalIP", "address": internal}]
    if external:
        addresses.append({"type": "ExternalIP", "address": external})
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"addresses": addresses}}


def pod(namespace, name, labels, node_name="node-1"):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": namespace, "name": name, "labels": labels},
            "spec": {"nodeName": node_name, "containers": [
                {"name": "x", "image": "x", "ports": [{"name": "http", "containerPort": BACKEND_PORT}]}]}}


def certificate(hosts):
    """A self-signed certificate and its key, PEM."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", "key", "-out", "cert", "-days", "30", "-subj", f"/CN={hosts[0]}", "-addext",
                        "subjectAltName=" + ",".join(f"DNS:{h}" for h in hosts)], check=True, capture_output=True,
                       cwd=folder)
        return [pathlib.Path(folder, name).read_text() for name in ("cert", "key")]


def tls_secret(namespace, name, hosts):
    encoded = [base64.b64encode(text.encode()).decode() for text in certificate(hosts)]
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"namespace": namespace, "name": name}, "data": dict(zip(("tls.crt", "tls.key"), encoded))}


# ----------------------------------------------------------------------------------------------------------------- RBAC
ORIGINAL_CHART = list(yaml.safe_load_all((HERE / "original_chart.yaml").read_text()))
# What it grants: cluster-wide reading, status by update; in its own namespace the Lease.
CHART_CLUSTER_RULES = next(o["rules"] for o in ORIGINAL_CHART if o["kind"] == "ClusterRole")


def chart_rules(election_id):
    rules = next(o["rules"] for o in ORIGINAL_CHART if o["kind"] == "Role")
    return [{**r, "resourceNames": [election_id]} if "resourceNames" in r else r for r in rules]


def account(namespace, name, rules, cluster_rules=None):
    """A service account with a Role, and a ClusterRole only if there are rules for it."""
    meta = {"namespace": namespace, "name": name}
    subject = [{"kind": "ServiceAccount", **meta}]
    group = "rbac.authorization.k8s.io"
    objects = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {"apiVersion": group + "/v1", "kind": "Role", "metadata": meta, "rules": rules},
        {"apiVersion": group + "/v1", "kind": "RoleBinding", "metadata": meta, "subjects": subject,
         "roleRef": {"apiGroup": group, "kind": "Role", "name": name}}]
    if cluster_rules:
        cluster_name = {"name": f"{namespace}-{name}"}
        objects += [
            {"apiVersion": group + "/v1", "kind": "ClusterRole", "metadata": cluster_name, "rules": cluster_rules},
            {"apiVersion": group + "/v1", "kind": "ClusterRoleBinding", "metadata": cluster_name, "subjects": subject,
             "roleRef": {"apiGroup": group, "kind": "ClusterRole", **cluster_name}}]
    return objects


# ---------------------------------------------------------------------------------------------------------------- world
class World:
    """The cluster, the backends and the binary: what every case is given."""

    def __init__(self, cluster, weir):
        self.cluster, self.binary, self.backends = cluster, weir, Backends()
        self.kubeconfig = None
        self.image = None  # container.py

    def prepare(self):
        self.cluster.apply([namespace_object(CONTROLLER_NAMESPACE), ingress_class("nginx"),
                            *account(CONTROLLER_NAMESPACE, "weir", chart_rules("ingress-controller-leader"),
                                     CHART_CLUSTER_RULES)])
        wait_for("the default service account", lambda: self.cluster.call(
            "GET", f"/api/v1/namespaces/{CONTROLLER_NAMESPACE}/serviceaccounts/default")[0] == 200)
        self.kubeconfig = self.cluster.kubeconfig_of_account(CONTROLLER_NAMESPACE, "weir")
        # Addresses of nodes are a status: nobody but a kubelet reports them.
        for name, internal, external in (("node-1", "198.19.0.1", "198.19.100.1"), ("node-2", "198.19.0.2", None)):
            self.cluster.apply([{k: v for k, v in node(name, internal).items() if k != "status"}])
            self.patch_status(f"/api/v1/nodes/{name}", node(name, internal, external)["status"])

    def weir(self, *flags, **more):
        return Weir(self.binary, f"--kubeconfig={more.pop('kubeconfig', self.kubeconfig)}", *flags, **more)

    def standalone(self, folder):
        return Weir(self.binary, f"--manifests={folder}")

    def patch_status(self, path, status):
        code, text = self.cluster.call("PATCH", path + "/status", {"status": status},
                                       kind="application/merge-patch+json")
        check(code == 200, f"{path}: {code} {text}")

    def start_pod(self, namespace, name, labels, address, ready=True, node_name="node-1"):
        """A Pod as a kubelet would report it."""
        self.cluster.apply([pod(namespace, name, labels, node_name)])
        self.set_pod(namespace, name, address, ready)

    def set_pod(self, namespace, name, address, ready):
        self.patch_status(f"/api/v1/namespaces/{namespace}/pods/{name}", {
            "phase": "Running", "podIP": address, "podIPs": [{"ip": address}],
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}]})

    def namespace(self, name):
        """A new namespace with its default account (Pods need it)."""
        self.cluster.apply([namespace_object(name)])
        wait_for("the default service account", lambda: self.cluster.call(
            "GET", f"/api/v1/namespaces/{name}/serviceaccounts/default")[0] == 200, CONTROLLERS_BACK)
        return name

    def web(self, namespace, name, host, **more):
        """Service, endpoints and Ingress in one go; the backend answers with `namespace/name`."""
        address = self.backends.address(f"{namespace}/{name}")
        return [service(namespace, name), slice_of(namespace, name, address),
                ingress(namespace, name, host, name, **more)]

    def status_addresses(self, namespace, name):
        object_ = self.cluster.get("ingress", name, "-n", namespace)
        entries = object_.get("status", {}).get("loadBalancer", {}).get("ingress", [])
        return [e.get("ip") or e.get("hostname") for e in entries]

    def events(self, namespace, reason=None):
        items = self.cluster.get("events", "-n", namespace)["items"]
        return [e for e in items if reason is None or e["reason"] == reason]


def load_objects(*paths):
    return [o for path in paths for o in yaml.safe_load_all(path.read_text()) if o]


def parallel(function, items, workers=8):
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, items))


def dump(objects):
    return yaml.safe_dump_all(json.loads(json.dumps(objects)))
