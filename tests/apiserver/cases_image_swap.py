"""The chart of ingress-nginx with only the image swapped (original_chart.yaml)."""
import base64
import copy
import json
import re

from case import case
from container import Container, audit_of, pod_of, refused
from world import ORIGINAL_CHART, Load, certificate, check, request, tls_secret, wait_for

NAMESPACE = "ingress-nginx"
# What its users add with controller.extraArgs: the flags of klog, in all their forms.
KLOG = ("-v=2", "--vmodule=store=3", "--logtostderr=true", "--alsologtostderr", "--stderrthreshold=2", "--log_dir=/tmp",
        "--log_file=", "--log_file_max_size=1800", "--log_backtrace_at=:0", "--skip_headers=false", "--skip_log_headers",
        "--add_dir_header=false", "--one_output=false")


def applied(world):
    """Applies it, with what its jobs make: the certificate of the webhook. Returns the Deployment."""
    world.namespace(NAMESPACE)
    objects = copy.deepcopy(ORIGINAL_CHART)
    certificate_, key = certificate([f"ingress-nginx-controller-admission.{NAMESPACE}.svc"])
    encoded = [base64.b64encode(text.encode()).decode() for text in (certificate_, key)]
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ingress-nginx-admission", "namespace": NAMESPACE},
              "data": {"ca": encoded[0], "cert": encoded[0], "key": encoded[1]}}
    by_kind = {o["kind"]: o for o in objects}
    by_kind["ValidatingWebhookConfiguration"]["webhooks"][0]["clientConfig"]["caBundle"] = encoded[0]
    world.cluster.apply([secret, *objects])
    return by_kind["Deployment"]


def check_debug_program(weir, ns):
    """What the kubectl plugin of ingress-nginx asks for."""
    check(weir.exec("/dbg", "general").strip() == "{}", "/dbg general")
    backends = json.loads(weir.exec("/dbg", "backends", "all"))
    mine = [b for b in backends if b["name"] == f"{ns}-web-80"]
    check(len(mine) == 1 and mine[0]["endpoints"][0]["port"] == "8080", f"/dbg backends all: {backends}")
    check(f"{ns}-web-80" in weir.exec("/dbg", "backends", "list").split(), "/dbg backends list")
    configuration = weir.exec("/dbg", "conf")
    check("## start server swap.example\n" in configuration and "## end server swap.example\n" in configuration,
          f"/dbg conf: {configuration[:400]}")
    # Weir describes the certificate; the original prints it together with its key.
    shown = json.loads(weir.exec("/dbg", "certs", "get", "swap.example"))
    check(shown["names"] == ["swap.example"] and shown["daysLeft"] > 20, f"/dbg certs get: {shown}")


@case("the chart of ingress-nginx runs Weir when only the image is swapped: flags, account, rights, probes, hook, /dbg")
def image_swap(world):
    start = len(world.cluster.audit())
    deployment = applied(world)
    deployment["spec"]["template"]["spec"]["containers"][0]["args"] += [*KLOG, "--post-shutdown-grace-period=0"]
    world.patch_status(f"/api/v1/namespaces/{NAMESPACE}/services/ingress-nginx-controller",
                       {"loadBalancer": {"ingress": [{"ip": "192.0.2.40"}]}})
    try:
        with Container(world, pod_of(world, deployment, "ingress-nginx-controller-0")) as weir:
            serves(world, weir, start)
    finally:
        world.cluster.kubectl("delete", "validatingwebhookconfiguration", "ingress-nginx-admission")


def serves(world, weir, start):
    ns = world.namespace("swap")
    objects = world.web(ns, "web", "swap.example", annotations={"ssl-redirect": "false"})
    objects[-1]["spec"]["tls"] = [{"hosts": ["swap.example"], "secretName": "web-tls"}]

    def accepted():  # the webhook is asked, and the Service is reached once the port listens
        world.cluster.apply([tls_secret(ns, "web-tls", ["swap.example"]), *objects])
        return True
    wait_for("the webhook accepts", accepted)
    wait_for("the Ingress is served", lambda: weir.get("swap.example").body.startswith(f"{ns}/web"))
    wait_for("with TLS too", lambda: weir.get("swap.example", tls=True).body.startswith(f"{ns}/web"))
    wait_for("the status", lambda: world.status_addresses(ns, "web") == ["192.0.2.40"])
    check([weir.probe(p) for p in ("livenessProbe", "readinessProbe")] == [200, 200], "the probes")
    check(weir.status_line("Uid") == ["101"] * 4 and weir.status_line("Gid") == ["82"] * 4, "another account")
    # The loader leaves it alone in a program that has a capability; it would complain about a missing file.
    check((weir.root / weir.environment()["LD_PRELOAD"].lstrip("/")).is_file(), "what LD_PRELOAD names is missing")
    check_debug_program(weir, ns)
    check(request(weir.health, "x", "/metrics").status == 200, "/metrics")
    with Load(weir, ["swap.example"], expect=lambda answer: answer.status == 200) as load:
        wait_for("requests", lambda: load.count > 60)
    check(weir.end() == 0, "the exit status after the hook")
    check(not re.search(r"ld\.so|unknown flag", weir.log()), f"the log: {weir.log()}")
    entries = audit_of(world, weir.account, start)
    check(refused(entries) == [], f"not granted: {refused(entries)}")
    written = {e["verb"] for e in entries if e["objectRef"].get("subresource") == "status"}
    check(written == {"update"}, f"the status was written by {written}")
    check(any(e["verb"] == "create" and e["objectRef"]["resource"] == "leases" for e in entries), "no Lease")
