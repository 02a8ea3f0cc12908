"""Leader election among replicas: only one writes, all serve."""
import json
import signal
import time

from case import case
from world import CONTROLLER_NAMESPACE, Load, check, wait_for

LEADS = 'nginx_ingress_controller_leader_election_status{name="%s"}'


def lease(world, name):
    return world.cluster.get("lease", name, "-n", CONTROLLER_NAMESPACE)["spec"]


def flags(name, address):
    return (f"--election-id={name}", "--election-ttl=4s", f"--publish-status-address={address}",
            "--update-status-on-shutdown=false")


def grant(world, name):
    """The chart's Role names the one Lease."""
    world.cluster.kubectl("patch", "role", "weir", "-n", CONTROLLER_NAMESPACE, "--type=json", "-p", json.dumps(
        [{"op": "add", "path": "/rules/-", "value": {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"],
                                                     "verbs": ["get", "update"], "resourceNames": [name]}}]))


@case("of two replicas one leads and writes; when it ends, the other takes over at once; when it dies, in time")
def one_of_two_leads(world):
    ns, name = world.namespace("election"), "election-a"
    grant(world, name)
    world.cluster.apply(world.web(ns, "web", "election.example"))
    with world.weir(*flags(name, "192.0.2.1"), pod="a") as a:
        wait_for("a leads", lambda: lease(world, name)["holderIdentity"] == "a")
        wait_for("a writes", lambda: world.status_addresses(ns, "web") == ["192.0.2.1"])
        with world.weir(*flags(name, "192.0.2.2"), pod="b") as b:
            time.sleep(2.5)  # more than two retry periods
            check(lease(world, name)["holderIdentity"] == "a", "b took the Lease")
            check((a.metric(LEADS % name), b.metric(LEADS % name)) == (1, 0), "the metric of the leader")
            check(world.status_addresses(ns, "web") == ["192.0.2.1"], "b wrote")
            check(b.get("election.example").status == 200, "b does not serve")
            started = time.monotonic()
            check(a.stop() == 0, "the exit status of a")
            wait_for("b leads", lambda: lease(world, name)["holderIdentity"] == "b")
            check(time.monotonic() - started < 4, "the Lease was not given up")
            wait_for("b writes", lambda: world.status_addresses(ns, "web") == ["192.0.2.2"])
            check(lease(world, name)["leaseTransitions"] >= 1, "transitions are not counted")
            with world.weir(*flags(name, "192.0.2.3"), pod="c") as c:
                time.sleep(1)
                b.stop(signal.SIGKILL)
                wait_for("c leads", lambda: lease(world, name)["holderIdentity"] == "c")
                wait_for("c writes", lambda: world.status_addresses(ns, "web") == ["192.0.2.3"])
                check(c.metric(LEADS % name) == 1, "the metric of c")
                wait_for("the Event on the Lease", lambda: [
                    e for e in world.events(CONTROLLER_NAMESPACE, "LeaderElection")
                    if e["message"] == "c became leader"])


@case("a leader that cannot renew stops writing, keeps serving, and leads again later")
def a_cut_off_leader_serves_on(world):
    ns, name = world.namespace("cut-off"), "election-b"
    grant(world, name)
    world.cluster.apply(world.web(ns, "web", "cut-off.example"))
    with world.weir(*flags(name, "192.0.2.1"), pod="a") as a:
        wait_for("a leads", lambda: a.metric(LEADS % name) == 1)
        with Load(a, ["cut-off.example"]):
            world.cluster.pause("kube-apiserver")
            try:
                wait_for("a knows that it no longer leads", lambda: a.metric(LEADS % name) == 0, 10)
            finally:
                world.cluster.resume("kube-apiserver")
            wait_for("a leads again", lambda: a.metric(LEADS % name) == 1, 60)


@case("--disable-leader-election takes no Lease, writes no status and serves")
def no_election(world):
    ns = world.namespace("no-election")
    world.cluster.apply(world.web(ns, "web", "no-election.example"))
    with world.weir("--disable-leader-election", "--election-id=election-none", "--publish-status-address=192.0.2.1") as weir:
        wait_for("a Sync Event", lambda: world.events(ns, "Sync"))
        check(weir.get("no-election.example").status == 200, "served")
        time.sleep(0.5)
    check(world.status_addresses(ns, "web") == [], "the status was written")
    names = [l["metadata"]["name"] for l in world.cluster.get("lease", "-n", CONTROLLER_NAMESPACE)["items"]]
    check("election-none" not in names, "a Lease was taken")
