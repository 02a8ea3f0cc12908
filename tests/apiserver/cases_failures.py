"""The control plane stops, hangs, crashes, forgets: nothing that is served is lost."""
import time

from case import case
from world import Load, check, request, wait_for


def prepare(world, name):
    ns = world.namespace(name)
    hosts = [f"{name}-{i}.example" for i in range(5)]
    world.cluster.apply([o for i, host in enumerate(hosts) for o in world.web(ns, f"web-{i}", host)])
    return ns, hosts


def still_follows(world, weir, ns, host):
    """Changes arrive again."""
    world.cluster.apply(world.web(ns, host.split(".")[0], host))
    wait_for(f"{host} is served", lambda: weir.get(host).status == 200, 60)


def steady(weir):
    check(request(weir.health, "x", "/readyz").status == 200, "readiness was lost")


@case("the API server is stopped, killed and started again: no request is lost, changes arrive afterwards")
def apiserver_stopped_and_killed(world):
    ns, hosts = prepare(world, "restart")
    with world.weir() as weir, Load(weir, hosts):
        for how in ("end", "kill"):
            if how == "kill":
                world.cluster.kill("kube-apiserver")
            else:
                world.cluster.end("kube-apiserver", 15)
            time.sleep(2)
            steady(weir)
            world.cluster.start_component("kube-apiserver")
            still_follows(world, weir, ns, f"after-{how}.example")
            check(all(weir.get(h).status == 200 for h in hosts), "a route vanished")


@case("an API server that hangs (SIGSTOP) loses nothing, and what changed meanwhile arrives when it goes on")
def apiserver_hangs(world):
    ns, hosts = prepare(world, "hang")
    with world.weir() as weir, Load(weir, hosts):
        world.cluster.pause("kube-apiserver")
        time.sleep(5)
        steady(weir)
        world.cluster.resume("kube-apiserver")
        still_follows(world, weir, ns, "after-hang.example")


@case("etcd is stopped, hangs and is started again under the API server: nothing is lost")
def etcd_fails(world):
    ns, hosts = prepare(world, "store")
    with world.weir() as weir, Load(weir, hosts):
        world.cluster.pause("etcd")
        time.sleep(3)
        world.cluster.resume("etcd")
        world.cluster.wait_ready("kube-apiserver")
        still_follows(world, weir, ns, "after-etcd-pause.example")
        world.cluster.kill("etcd")
        time.sleep(2)
        steady(weir)
        world.cluster.start_component("etcd")
        world.cluster.wait_ready("kube-apiserver")
        still_follows(world, weir, ns, "after-etcd-kill.example")


@case("resource versions that expired while the API server was away lead to one new list, and no route vanishes")
def versions_expire(world):
    ns, hosts = prepare(world, "expired")
    with world.weir() as weir, Load(weir, hosts[:4]):
        world.cluster.end("kube-apiserver", 15)
        # What happened meanwhile cannot be told by a watch any more.
        world.cluster.compact()
        world.cluster.start_component("kube-apiserver")
        world.cluster.kubectl("delete", "ingress", "web-4", "-n", ns)
        still_follows(world, weir, ns, "after-expiry.example")
        wait_for("the deleted one is gone", lambda: weir.get("expired-4.example").status == 404)
