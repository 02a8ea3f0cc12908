"""Weir works with what RBAC grants it, and asks for no more."""
from case import case
from world import CHART_CLUSTER_RULES, account, by_annotation, chart_rules, check, request, wait_for


def denied(world, user, since=0):
    """Requests of a user that were answered with 403, as `verb resource`, without repetitions."""
    return sorted({f"{e['verb']} {e.get('objectRef', {}).get('resource', e['requestURI'])}"
                   for e in world.cluster.audit()[since:]
                   if e["user"]["username"] == user and e.get("responseStatus", {}).get("code") == 403})


@case("the rights of the original's chart are enough: objects, Secrets, status by PUT, Events, the Lease")
def rights_of_the_chart(world):
    ns = world.namespace("chart-rights")
    world.cluster.apply(world.web(ns, "web", "chart.example"))
    start = len(world.cluster.audit())
    with world.weir("--publish-status-address=192.0.2.1") as weir:
        check(weir.get("chart.example").status == 200, "not served")
        wait_for("the status", lambda: world.status_addresses(ns, "web") == ["192.0.2.1"])
        wait_for("a Sync Event", lambda: world.events(ns, "Sync"))
    user = "system:serviceaccount:ingress:weir"
    check(denied(world, user, start) == [], f"denied: {denied(world, user, start)}")
    methods = {e["verb"] for e in world.cluster.audit()[start:]
               if e["user"]["username"] == user and e["objectRef"].get("subresource") == "status"}
    check(methods == {"update"}, f"the status was written by {methods}")


@case("a Role in one namespace and no ClusterRole is enough to serve that namespace, with status and Events")
def rights_of_one_namespace(world):
    ns = world.namespace("alone")
    world.cluster.apply(account(ns, "weir", chart_rules("ingress-controller-leader")))
    world.cluster.apply(by_annotation(world.web(ns, "web", "alone.example")))
    other = world.namespace("not-alone")
    world.cluster.apply(world.web(other, "web", "other.example"))
    kubeconfig = world.cluster.kubeconfig_of_account(ns, "weir")
    start = len(world.cluster.audit())
    with world.weir(f"--watch-namespace={ns}", "--publish-status-address=192.0.2.9", kubeconfig=kubeconfig,
                    namespace=ns) as weir:
        check(weir.get("alone.example").status == 200, "not served")
        check(weir.get("other.example").status == 404, "serves a namespace it cannot see")
        wait_for("the status", lambda: world.status_addresses(ns, "web") == ["192.0.2.9"])
        wait_for("a Sync Event", lambda: world.events(ns, "Sync"))
        world.cluster.apply(by_annotation(world.web(ns, "more", "more.example")))
        wait_for("a new Ingress is served", lambda: weir.get("more.example").status == 200)
    # What it may not read it asks for now and then, not all the time.
    refused = [e for e in world.cluster.audit()[start:] if e["user"]["username"] == f"system:serviceaccount:{ns}:weir"
               and e.get("responseStatus", {}).get("code") == 403]
    check(len(refused) < 30, f"{len(refused)} requests were denied: {denied(world, f'system:serviceaccount:{ns}:weir')}")


@case("a namespace or a Service that a flag names and that does not exist ends the start")
def flags_name_what_is_not_there(world):
    for flag, text in (("--watch-namespace=nobody", "the namespace nobody (flag --watch-namespace) does not exist"),
                       ("--publish-service=ingress/nobody",
                        "the Service ingress/nobody (flag --publish-service) does not exist")):
        with world.weir(flag, ready=False) as weir:
            wait_for(f"the end of a start with {flag}", lambda: weir.process.poll() is not None)
            check(weir.process.returncode == 1, f"ended with {weir.process.returncode}")
            check(text in weir.log(), f"the log does not say: {text}")


@case("without the right to write anything, everything is served all the same")
def rights_to_read_only(world):
    ns = world.namespace("read-only")
    reading = [r for r in CHART_CLUSTER_RULES if set(r["verbs"]) <= {"get", "list", "watch"}]
    world.cluster.apply(account(ns, "weir", [], reading))
    world.cluster.apply(world.web(ns, "web", "readonly.example"))
    kubeconfig = world.cluster.kubeconfig_of_account(ns, "weir")
    with world.weir("--publish-status-address=192.0.2.1", kubeconfig=kubeconfig, namespace=ns) as weir:
        wait_for("the Lease is refused", lambda: "Lease" in weir.log())
        check(weir.get("readonly.example").status == 200, "served")
        check(request(weir.health, "x", "/healthz").status == 200, "healthy")
        check(weir.metric('nginx_ingress_controller_leader_election_status{name="ingress-controller-leader"}') == 0,
              "leads without a Lease")
    check(world.status_addresses(ns, "web") == [], "a status came from somewhere")
