"""Status of Ingresses and Events, as kubectl shows them."""
import time

from case import case
from world import CONTROLLER_NAMESPACE, check, ingress, service, wait_for

ACCOUNT = "system:serviceaccount:ingress:weir"


def status_writes(world, namespace, since=0):
    return [e for e in world.cluster.audit()[since:]
            if e["verb"] in ("update", "patch") and e.get("objectRef", {}).get("subresource") == "status"
            and e["objectRef"].get("namespace") == namespace and e["objectRef"]["resource"] == "ingresses"]


@case("kubectl get ingress shows the address, of canaries too")
def kubectl_get_shows_the_address(world):
    ns = world.namespace("addresses")
    world.cluster.apply(world.web(ns, "web", "addresses.example") + world.web(
        ns, "next", "addresses.example", annotations={"canary": "true", "canary-weight": "0"}))
    with world.weir("--publish-status-address=192.0.2.7,lb.example,192.0.2.5", "--update-status-on-shutdown=false"):
        want = ["192.0.2.5", "192.0.2.7", "lb.example"]
        for name in ("web", "next"):
            wait_for(f"the status of {name}", lambda: world.status_addresses(ns, name) == want)
        shown = world.cluster.kubectl("get", "ingress", "-n", ns)
        check("192.0.2.5,192.0.2.7,lb.example" in shown or "192.0.2.5,192.0.2.7" in shown, shown)
        rest = world.cluster.get("ingress", "next", "-n", ns)["metadata"]["annotations"]
        check(rest["nginx.ingress.kubernetes.io/canary"] == "true", "the write lost annotations")


@case("a status that is right is not written again, not even by a restarted controller")
def status_is_written_on_change_only(world):
    ns = world.namespace("once")
    world.cluster.apply(world.web(ns, "web", "once.example"))
    flags = ("--publish-status-address=192.0.2.1", "--update-status-on-shutdown=false", "--status-update-interval=5")
    with world.weir(*flags) as weir:
        wait_for("the status", lambda: world.status_addresses(ns, "web") == ["192.0.2.1"])
        world.cluster.apply([ingress(ns, "web", "once.example", "web", annotations={"proxy-body-size": "2m"})])
        wait_for("a second Sync", lambda: len(status_writes(world, ns)) >= 1)
        time.sleep(6)  # one interval
        weir.stop()
    with world.weir(*flags) as weir:
        wait_for("the new one leads", lambda: " leads " in weir.log())
        wait_for("its Sync Events", lambda: world.events(ns, "Sync"))
        time.sleep(1)
    check(len(status_writes(world, ns)) == 1, f"{len(status_writes(world, ns))} writes instead of one")
    # Somebody else's change is put right.
    with world.weir(*flags):
        world.patch_status(f"/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses/web",
                           {"loadBalancer": {"ingress": [{"ip": "198.51.100.1"}]}})
        wait_for("it is put right", lambda: world.status_addresses(ns, "web") == ["192.0.2.1"])


@case("the addresses of --publish-service are followed, and never emptied while they are unknown")
def publish_service(world):
    ns = world.namespace("front")
    world.cluster.apply([service(CONTROLLER_NAMESPACE, "front", type="LoadBalancer")])
    world.cluster.apply(world.web(ns, "web", "front.example"))
    path = f"/api/v1/namespaces/{CONTROLLER_NAMESPACE}/services/front"
    with world.weir(f"--publish-service={CONTROLLER_NAMESPACE}/front", "--update-status-on-shutdown=false") as weir:
        wait_for("it leads", lambda: " leads " in weir.log())
        check(world.status_addresses(ns, "web") == [], "an address from nowhere")
        world.patch_status(path, {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}})
        wait_for("the address", lambda: world.status_addresses(ns, "web") == ["203.0.113.9"])
        world.patch_status(path, {"loadBalancer": {"ingress": [{"hostname": "elb.example"}]}})
        wait_for("the host name", lambda: world.status_addresses(ns, "web") == ["elb.example"])
        world.cluster.kubectl("delete", "service", "front", "-n", CONTROLLER_NAMESPACE)
        time.sleep(1)
        check(world.status_addresses(ns, "web") == ["elb.example"], "the status was emptied")


@case("without a flag the status shows the addresses of the nodes of ready replicas")
def node_addresses(world):
    ns = world.namespace("nodes")
    world.cluster.apply(world.web(ns, "web", "nodes.example"))
    labels = {"app": "weir-test", "pod-template-hash": "a"}
    world.start_pod(CONTROLLER_NAMESPACE, "weir-1", labels, "198.19.1.1")
    world.start_pod(CONTROLLER_NAMESPACE, "weir-2", {**labels, "pod-template-hash": "b"}, "198.19.1.2",
                    node_name="node-2")
    try:
        with world.weir():
            wait_for("external, else internal",
                     lambda: world.status_addresses(ns, "web") == ["198.19.0.2", "198.19.100.1"])
            world.set_pod(CONTROLLER_NAMESPACE, "weir-2", "198.19.1.2", False)
            wait_for("without the one that is not ready",
                     lambda: world.status_addresses(ns, "web") == ["198.19.100.1"])
        with world.weir("--report-node-internal-ip-address"):
            wait_for("internal", lambda: world.status_addresses(ns, "web") == ["198.19.0.1"])
            wait_for("a RELOAD Event about the own Pod", lambda: world.events(CONTROLLER_NAMESPACE, "RELOAD"))
    finally:
        world.cluster.kubectl("delete", "pod", "weir-1", "weir-2", "-n", CONTROLLER_NAMESPACE, "--grace-period=0",
                              "--force")


@case("at its end the only controller empties the status, unless told not to")
def status_at_the_end(world):
    ns = world.namespace("ends")
    world.cluster.apply(world.web(ns, "web", "ends.example"))
    with world.weir("--publish-status-address=192.0.2.1", "--update-status-on-shutdown=false") as weir:
        wait_for("the status", lambda: world.status_addresses(ns, "web") == ["192.0.2.1"])
        check(weir.stop() == 0, "the exit status")
        check(world.status_addresses(ns, "web") == ["192.0.2.1"], "emptied in spite of the flag")
    with world.weir("--publish-status-address=192.0.2.1") as weir:
        wait_for("it leads", lambda: " leads " in weir.log())
        check(weir.stop() == 0, "the exit status")
        check(world.status_addresses(ns, "web") == [], "not emptied")


@case("--update-status=false writes no status and still tells Events")
def update_status_off(world):
    ns = world.namespace("quiet")
    world.cluster.apply(world.web(ns, "web", "quiet.example"))
    with world.weir("--publish-status-address=192.0.2.1", "--update-status=false"):
        wait_for("a Sync Event", lambda: world.events(ns, "Sync"))
        time.sleep(0.5)
    check(status_writes(world, ns) == [], "written in spite of the flag")


@case("kubectl describe ingress shows what became of it, in words its author can act on")
def kubectl_describe_shows_events(world):
    ns = world.namespace("events")
    world.cluster.apply(world.web(ns, "good", "good.example") +
                        world.web(ns, "bad", "bad.example", annotations={"proxy-body-size": "2 elephants"}) +
                        world.web(ns, "worse", "worse.example", annotations={"configuration-snippet": "deny all;"}))
    broken = world.web(ns, "broken", "broken.example")
    broken[-1]["spec"]["tls"] = [{"hosts": ["broken.example"], "secretName": "junk"}]
    world.cluster.apply(broken + [{"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
                                   "metadata": {"namespace": ns, "name": "junk"},
                                   "data": {"tls.crt": "anVuaw==", "tls.key": "anVuaw=="}}])
    with world.weir():
        def described(name, *words):
            text = wait_for(f"Events of {name}: {words}", lambda: (
                lambda t: all(w in t for w in words) and t)(world.cluster.kubectl("describe", "ingress", name, "-n", ns)))
            return text
        described("good", "Sync", "Scheduled for sync", "nginx-ingress-controller")
        described("bad", "Warning", "nginx.ingress.kubernetes.io/proxy-body-size")
        described("worse", "Warning", "Rejected", "configuration-snippet")
        wait_for("CertificateProblem", lambda: world.events(ns, "CertificateProblem"))
        # An author who corrects it hears of it; the Events stay few.
        for number in range(20):
            world.cluster.apply([ingress(ns, "bad", "bad.example", "bad",
                                         annotations={"proxy-body-size": f"{number} elephants"})])
        time.sleep(1)
        own = [e for e in world.events(ns) if e["involvedObject"]["name"] == "bad"]
        check(len(own) <= 4, f"{len(own)} Events about one Ingress within a minute")
