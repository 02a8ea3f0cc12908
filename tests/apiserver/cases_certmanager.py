"""cert-manager's own controllers (tests/certmanager/main.go) and Pebble, an ACME server that validates for real, give an
Ingress its certificate through Weir. Not part of the default suite; run.py --suite certmanager."""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import socket
import ssl
import subprocess
import threading
import time

from case import case
from world import DEADLINE, Failed, certificate, check, free_port, request, wait_for

HOST = "api.example.com"
SOLVER_LABEL = "acme.cert-manager.io/http01-solver=true"
# Five passes of cert-manager's own check with two seconds between them, its polling, and a busy machine.
ISSUE_SECONDS = 60 + DEADLINE


@contextlib.contextmanager
def program(world, *command, **environment):
    """A process with a log in the cluster's folder; it must still run at the end."""
    name = pathlib.Path(command[0]).name
    log = world.cluster.log / f"{name}.log"
    with open(log, "ab") as output:
        process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, env=dict(os.environ, **environment))
    try:
        yield process
        check(process.poll() is None, f"{name} ended with {process.returncode}: {log.read_text()[-2000:]}")
    except Failed:
        print(f"--- log of {name} ---\n" + log.read_text(errors="replace")[-3000:])
        raise
    finally:
        process.kill()
        process.wait()


class SolverNode:
    """Scheduler and kubelet for the Pods of cert-manager's solver: binds them to a node, runs what their arguments say
    with cert-manager's own solver, reports them ready, and ends them when they are deleted."""

    def __init__(self, world, folder, namespace):
        self.world, self.program, self.namespace = world, folder / "certmanager", namespace
        self.running, self.started, self.problem = {}, 0, None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.stopping.wait(0.2):
            try:
                for pod in self.world.cluster.get("pods", "-n", self.namespace, "-l", SOLVER_LABEL)["items"]:
                    self.step(pod)
            except Exception as error:  # told by __exit__
                self.problem = error

    def step(self, pod):
        name, address = pod["metadata"]["name"], "198.18.250.1"
        path = f"/api/v1/namespaces/{self.namespace}/pods/{name}"
        if "deletionTimestamp" in pod["metadata"]:
            if name in self.running:
                self.end(self.running.pop(name))
            self.world.cluster.call("DELETE", path + "?gracePeriodSeconds=0")
        elif name not in self.running:
            code, text = self.world.cluster.call("POST", path + "/binding", {
                "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name},
                "target": {"apiVersion": "v1", "kind": "Node", "name": "node-1"}})
            check(code == 201, f"binding: {code} {text}")
            with open(self.world.cluster.log / "solver.log", "ab") as output:
                self.running[name] = subprocess.Popen(
                    [self.program, "solver", *pod["spec"]["containers"][0]["args"]], stdout=output, stderr=output)
            self.started += 1
            self.world.set_pod(self.namespace, name, address, True)

    @staticmethod
    def end(process):
        process.kill()
        process.wait()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        self.thread.join(DEADLINE)
        for process in self.running.values():
            self.end(process)
        if kind is not None and self.problem:
            print(f"the node of the solvers: {self.problem}")


@contextlib.contextmanager
def acme_server(world, folder, dns):
    """Pebble, with every name at 127.0.0.1 and port 80 as the one it validates at; its directory, the certificate of its
    API, and the root of what it issues."""
    api, management = free_port(), free_port()
    own = certificate(["localhost"])
    for name, text in zip(("pebble.crt", "pebble.key"), own):
        (world.cluster.folder / name).write_text(text)
    (world.cluster.folder / "pebble.json").write_text(json.dumps({"pebble": {
        "listenAddress": f"127.0.0.1:{api}", "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(world.cluster.folder / "pebble.crt"), "privateKey": str(world.cluster.folder / "pebble.key"),
        "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": False,
        "retryAfter": {"authz": 1, "order": 1}, "keyAlgorithm": "ecdsa",
        "profiles": {"default": {"description": "90 days", "validityPeriod": 7776000}}}}))
    with contextlib.ExitStack() as stack:
        stack.enter_context(program(world, folder / "pebble-challtestsrv", "-http01", "", "-https01", "", "-tlsalpn01", "",
                                    "-doh", "", "-dnsserver", f"127.0.0.1:{dns}", "-management",
                                    f"127.0.0.1:{free_port()}", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""))
        stack.enter_context(program(world, folder / "pebble", "-config", world.cluster.folder / "pebble.json", "-dnsserver",
                                    f"127.0.0.1:{dns}", "-strict", PEBBLE_VA_NOSLEEP="1", PEBBLE_AUTHZREUSE="0",
                                    PEBBLE_WFE_NONCEREJECT="0"))
        root = wait_for("Pebble's root", lambda: request(management, "localhost", "/roots/0", tls=True).body)
        yield f"https://localhost:{api}/dir", own[0], root


def served_certificate(root):
    """The certificate that a client which trusts the ACME server's root gets, and its connection."""
    context = ssl.create_default_context(cadata=root)
    connection = http.client.HTTPSConnection(HOST, 443, timeout=5, context=context)
    raw = socket.create_connection(("127.0.0.1", 443), 5)
    connection.sock = context.wrap_socket(raw, server_hostname=HOST)
    connection.request("GET", "/")
    answer = connection.getresponse()
    body = answer.read().decode()
    check(answer.status == 200, f"{answer.status} {body}")
    return connection.sock.getpeercert(binary_form=True), connection


def challenge_answers(weir):
    return [line.split('"')[2].split()[0] for line in (weir.work / "access").read_text().splitlines()
            if "GET /.well-known/acme-challenge/" in line]


@case("cert-manager gets the certificate of an annotated Ingress from an ACME server through Weir; a renewed one is served live")
def certificate_by_acme(world):
    folder = pathlib.Path(os.environ["WEIR_CERTMANAGER"])
    world.cluster.kubectl("apply", "--server-side", "-f", folder / "crds")
    world.cluster.kubectl("wait", "--for=condition=Established", "crd", "--all")
    world.namespace("cert-manager")
    ns = world.namespace("production")
    dns = free_port()
    with contextlib.ExitStack() as stack:
        directory, own, root = stack.enter_context(acme_server(world, folder, dns))
        weir = stack.enter_context(world.weir(ports=(80, 443)))
        node = stack.enter_context(SolverNode(world, folder, ns))
        manager = stack.enter_context(program(world, folder / "certmanager", "controller", "--kubeconfig",
                                              world.cluster.kubeconfig, "--dns", f"127.0.0.1:{dns}"))
        world.cluster.apply([issuer(directory, own), *annotated(world, ns)])
        # Without a Secret yet: the host answers all the same, with the certificate of the controller.
        wait_for("the host is served", lambda: weir.get(HOST, tls=True).status == 200)
        check(weir.get(HOST).status == 308, "no redirect to HTTPS")
        first = issued(world, ns, manager, root, None)
        connection = first[1]
        answers = challenge_answers(weir)
        check(len(answers) >= 6 and set(answers[-6:]) == {"200"}, f"challenges were answered with {answers}")
        check(weir.get(HOST, "/.well-known/acme-challenge/another").status == 308, "the solver's route is still there")
        # As `cmctl renew` does; at the time of renewal cert-manager sets the same condition.
        path = f"/apis/cert-manager.io/v1/namespaces/{ns}/certificates/api-example-com-tls"
        status = wait_for("the first issuance has ended", lambda: issuance_ended(world, path))
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        status["conditions"] = [one for one in status["conditions"] if one["type"] != "Issuing"]
        status["conditions"].append({"type": "Issuing", "status": "True", "reason": "ManuallyTriggered",
                                     "message": "renewed by a test", "lastTransitionTime": now})
        world.patch_status(path, {"conditions": status["conditions"]})
        issued(world, ns, manager, root, first[0])
        check(node.started >= 2, f"{node.started} solvers were started")
        connection.request("GET", "/")
        check(connection.getresponse().status == 200, "the old connection ended")
        check(weir.process.poll() is None, "weir ended")


def issuance_ended(world, path):
    """The Certificate's status, once the client sees what cert-manager has finished with: it writes the Secret first, and
    would take a renewal asked for until then for the issuance that it is still about."""
    status = json.loads(world.cluster.call("GET", path)[1]).get("status") or {}
    state = {one["type"]: one["status"] for one in status.get("conditions") or []}
    return status if state.get("Ready") == "True" and state.get("Issuing") != "True" else None


def issuer(directory, own):
    return {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "letsencrypt-prod"},
            "spec": {"acme": {"server": directory, "email": "platform-team@example.com",
                              "caBundle": base64.b64encode(own.encode()).decode(),
                              "privateKeySecretRef": {"name": "letsencrypt-prod-account-key"},
                              "solvers": [{"http01": {"ingress": {"class": "nginx"}}}]}}}


def annotated(world, ns):
    *backend, ingress = world.web(ns, "api-service", HOST, annotations={"ssl-redirect": "true"})
    ingress["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] = "letsencrypt-prod"
    ingress["spec"]["tls"] = [{"hosts": [HOST], "secretName": "api-example-com-tls"}]
    return [*backend, ingress]


def issued(world, ns, manager, root, before):
    """Waits until clients get a certificate of the ACME server that is not the one before."""
    def question():
        check(manager.poll() is None, "cert-manager ended")
        try:
            found = served_certificate(root)
        except ssl.SSLCertVerificationError:
            return None
        return found if found[0] != before else None
    try:
        return wait_for("a certificate of the ACME server is served", question, ISSUE_SECONDS)
    except Failed as failure:
        shown = world.cluster.kubectl("get", "certificates,orders,challenges,pods,ingresses", "-n", ns, "-o", "wide")
        reasons = [c.get("status", {}).get("reason") for c in world.cluster.get("challenges", "-n", ns)["items"]]
        raise Failed(f"{failure}\n{shown}\n{reasons}") from None
