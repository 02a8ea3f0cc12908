"""deploy/helm/weir, installed by real helm: the API server takes its objects, its account may do all that Weir does, and
no right that it grants is idle (by the audit log)."""
import socket
import threading

from case import case
from chart import CHART, QUICK, REACHABLE_WEBHOOK, controller, helm, installed, load_balancer, rights
from container import audit_of, refused, unused
from world import BACKEND_PORT, by_annotation, check, free_port, request, service, slice_of, tls_secret, wait_for

# This API server streams lists as part of a watch; Weir lists first where it does not (before Kubernetes 1.34).
READ_BY_WATCHING = {"list": "watch"}


def works(world, weir, ns, host, address, shape=list):
    """Serves, writes the status and Events, leads: what an installation is for, and what needs rights."""
    objects = world.web(ns, "web", host)
    objects[-1]["spec"]["tls"] = [{"hosts": [host], "secretName": "web-tls"}]
    world.cluster.apply([tls_secret(ns, "web-tls", [host]), *shape(objects)])
    wait_for("the Ingress is served", lambda: weir.get(host, "/x").status == 308)
    answer = wait_for("it is served with TLS", lambda: (
        lambda a: a if a.status == 200 else None)(weir.get(host, "/x", tls=True)))
    check(answer.body == f"{ns}/web GET /x", f"over TLS: {answer!r}")
    wait_for("the status", lambda: world.status_addresses(ns, "web") == [address])
    wait_for("a Sync Event", lambda: world.events(ns, "Sync"))
    wait_for("the Lease is renewed", lambda: any(
        e["verb"] == "update" and e["objectRef"]["resource"] == "leases" for e in audit_of(world, weir.account, 0)))


def judge(world, weir, objects, start, may_be_refused=()):
    entries = audit_of(world, weir.account, start)
    missing = [r for r in refused(entries) if r not in may_be_refused]
    check(missing == [], f"not granted: {missing}")
    idle = unused(rights(objects), entries, READ_BY_WATCHING)
    # A repeated Event is patched, a minute after the first at the earliest: too long to wait for here.
    idle = [r for r in idle if not r.startswith("patch events ")]
    check(idle == [], f"granted and not used: {idle}")


@case("the chart as helm installs it serves: its ClusterRole and Role suffice, and everything in them is used")
def chart_cluster_wide(world):
    start = len(world.cluster.audit())
    with installed(world, "chart-wide", "--set", "controller.metrics.enabled=true", *REACHABLE_WEBHOOK, *QUICK) as objects:
        load_balancer(world, "chart-wide", "192.0.2.30")
        secret = world.cluster.get("secret", "ingress-nginx-admission", "-n", "chart-wide")["data"]
        helm(world, "upgrade", "ingress-nginx", CHART, "-n", "chart-wide", "--reuse-values")
        check(secret == world.cluster.get("secret", "ingress-nginx-admission", "-n", "chart-wide")["data"],
              "an upgrade made another certificate of the webhook")
        with controller(world, objects) as weir:
            ns = world.namespace("chart-wide-web")
            works(world, weir, ns, "wide.chart.example", "192.0.2.30")
            check(weir.status_line("Uid") == ["101"] * 4, f"runs as {weir.status_line('Uid')}")
            check(weir.status_line("CapBnd") == [f"{1 << 10:016x}"], f"may get {weir.status_line('CapBnd')}")
            check([weir.probe(p) for p in ("livenessProbe", "readinessProbe")] == [200, 200], "the probes")
            check('ingress="web"' in request(weir.health, "x", "/metrics").body, "no metrics of requests")
            check(weir.end() == 0, "the exit status")
            judge(world, weir, objects, start)


@case("the chart with a selector of namespaces and addresses of nodes: both are granted because they are read")
def chart_with_selector(world):
    start = len(world.cluster.audit())
    with installed(world, "chart-nodes", "--set", "controller.scope.namespaceSelector=team=a", *QUICK,
                   "--set", "controller.publishService.enabled=false",
                   "--set", "controller.admissionWebhooks.enabled=false") as objects, \
            controller(world, objects) as weir:
        ns = world.namespace("chart-nodes-web")
        world.cluster.kubectl("label", "namespace", ns, "team=a")
        works(world, weir, ns, "nodes.chart.example", "198.19.100.1")
        check(weir.end() == 0, "the exit status")
        judge(world, weir, objects, start)


@case("the chart without a ClusterRole serves one namespace: only IngressClasses are refused, every right is used")
def chart_namespaced(world):
    start = len(world.cluster.audit())
    with installed(world, "chart-alone", *QUICK, "-f", CHART / "ci/namespaced-values.yaml") as objects:
        check(not [k for k, _ in objects if k.startswith("Cluster")], "there is a ClusterRole")
        load_balancer(world, "chart-alone", "192.0.2.31")
        with controller(world, objects) as weir:
            works(world, weir, "chart-alone", "alone.chart.example", "192.0.2.31", by_annotation)
            check(weir.end() == 0, "the exit status")
            judge(world, weir, objects, start, ("list ingressclasses", "watch ingressclasses"))


@case("the chart without a ClusterRole serves a namespace beside its own: the rights in both are used")
def chart_beside(world):
    start = len(world.cluster.audit())
    served = world.namespace("chart-served")
    with installed(world, "chart-beside", *QUICK, "-f", CHART / "ci/namespaced-values.yaml",
                   "--set", f"controller.scope.namespace={served}") as objects:
        load_balancer(world, "chart-beside", "192.0.2.32")
        with controller(world, objects) as weir:
            works(world, weir, served, "beside.chart.example", "192.0.2.32", by_annotation)
            check(weir.end() == 0, "the exit status")
            judge(world, weir, objects, start, ("list ingressclasses", "watch ingressclasses"))


def answer_datagrams(address):
    """Gives back each datagram, with a word in front."""
    answering = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    answering.bind((address, BACKEND_PORT))

    def run():
        while True:
            data, peer = answering.recvfrom(2048)
            answering.sendto(b"datagram " + data, peer)
    threading.Thread(target=run, daemon=True).start()


def ask_by_datagram(port, text):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(1)
        asking.connect(("127.0.0.1", port))
        asking.send(text)
        return asking.recv(2048)


class Ports:
    """The chart's `tcp` and `udp`, with what they lead to in namespace `ns`."""

    def __init__(self, ns):
        self.ns, self.tcp, self.udp, self.later = ns, free_port(), free_port(), free_port()
        self.values = (self.value(self.tcp), f"--set=udp.{self.udp}={ns}/dns:53")

    def value(self, port):
        return f"--set=tcp.{port}={self.ns}/db:80"

    def make_services(self, world):
        db, dns = (world.backends.address(f"{self.ns}/{name}") for name in ("db", "dns"))
        answer_datagrams(dns)
        datagrams = slice_of(self.ns, "dns", dns)
        datagrams["ports"] = [{"name": "dns", "port": BACKEND_PORT, "protocol": "UDP"}]
        ports = [{"name": "dns", "port": 53, "targetPort": BACKEND_PORT, "protocol": "UDP"}]
        world.cluster.apply([service(self.ns, "db"), slice_of(self.ns, "db", db),
                             service(self.ns, "dns", ports=ports), datagrams])

    def work(self, world, own):
        """Of the release in namespace `own`, which has no Service yet that they lead to."""
        self.make_services(world)
        given = world.cluster.get("service", "ingress-nginx-controller", "-n", own)["spec"]["ports"]
        check({(self.tcp, "TCP"), (self.udp, "UDP")} <= {(p["port"], p["protocol"]) for p in given},
              f"ports of the Service: {given}")
        wait_for("the TCP service", lambda: request(self.tcp, "x").body == f"{self.ns}/db GET /")
        wait_for("the UDP service", lambda: ask_by_datagram(self.udp, b"x") == b"datagram x")
        helm(world, "upgrade", "ingress-nginx", CHART, "-n", own, "--reuse-values", self.value(self.later))
        wait_for("another TCP service", lambda: request(self.later, "x").body == f"{self.ns}/db GET /")


@case("the chart's tcp and udp: the Service has the ports, and Weir may read both ConfigMaps and serves what they name")
def chart_with_ports(world):
    start = len(world.cluster.audit())
    ns = world.namespace("chart-ports-web")
    ports = Ports(ns)
    with installed(world, "chart-ports", *QUICK, *ports.values,
                   "--set", "controller.admissionWebhooks.enabled=false") as objects:
        load_balancer(world, "chart-ports", "192.0.2.33")
        with controller(world, objects) as weir:
            works(world, weir, ns, "ports.chart.example", "192.0.2.33")
            ports.work(world, "chart-ports")
            wait_for("an Event of a ConfigMap", lambda: any(
                e["involvedObject"]["name"] == "ingress-nginx-tcp" for e in world.events("chart-ports")))
            check(weir.end() == 0, "the exit status")
            judge(world, weir, objects, start)


@case("the chart's tcp and udp without a ClusterRole, their ConfigMaps in another namespace: the Roles there suffice")
def chart_with_ports_elsewhere(world):
    start = len(world.cluster.audit())
    maps = world.namespace("chart-maps")
    ports = Ports("chart-own-ports")
    with installed(world, "chart-own-ports", *QUICK, "-f", CHART / "ci/namespaced-values.yaml", *ports.values,
                   f"--set=controller.tcp.configMapNamespace={maps}",
                   f"--set=controller.udp.configMapNamespace={maps}") as objects:
        load_balancer(world, "chart-own-ports", "192.0.2.34")
        with controller(world, objects) as weir:
            works(world, weir, "chart-own-ports", "own-ports.chart.example", "192.0.2.34", by_annotation)
            ports.work(world, "chart-own-ports")
            wait_for("an Event of a ConfigMap", lambda: world.events(maps))
            check(weir.end() == 0, "the exit status")
            judge(world, weir, objects, start, ("list ingressclasses", "watch ingressclasses"))
