"""The admission webhook as the chart configures it, called by the API server on kubectl apply."""
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile

from case import case
from chart import CHART, QUICK, REACHABLE_WEBHOOK, controller, helm, installed
from world import check, dump, ingress, wait_for

NAMESPACE = "chart-hook"
SNIPPET = {"configuration-snippet": "return 418;"}
NO_URL = {"permanent-redirect": "http://two words"}


def said_by_check(world, *objects):
    """All that `weir check` has against the last object."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "all.yaml").write_text(dump(objects))
        done = subprocess.run([world.binary, "check", folder], capture_output=True, text=True)
    start = f"error: Ingress {NAMESPACE}/{objects[-1]['metadata']['name']}: "
    found = [line.removeprefix(start).rpartition(" (")[0].removeprefix("spec.rules.paths: ").removeprefix("annotation ")
             for line in (done.stdout + done.stderr).splitlines() if line.startswith(start)]
    check(found, f"weir check finds nothing: {done.stdout}{done.stderr}")
    return found


def apply(world, object_):
    done = world.cluster.kubectl("apply", "-f", "-", objects=dump([object_]), check=False)
    return done.returncode, done.stderr + done.stdout


def answer_to(world, announced, body=b""):
    """The status that the webhook gives to a POST, at the address that the API server dials. The body may be shorter than
    what is announced: one that is too large needs not be sent to be refused."""
    service = world.cluster.get("service", "ingress-nginx-controller-admission", "-n", NAMESPACE)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    address = (service["spec"]["clusterIP"], service["spec"]["ports"][0]["port"])
    with socket.create_connection(address, timeout=20) as raw, context.wrap_socket(raw) as connection:
        connection.sendall(b"POST /networking/v1/ingresses HTTP/1.1\r\nHost: webhook\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n%b" % (announced, body))
        return int(connection.recv(12).split()[1])


@case("kubectl apply asks the webhook of the chart: what is bad is refused in the words of weir check")
def webhook_judges(world):
    ns = NAMESPACE
    with installed(world, ns, "--set", "controller.admissionWebhooks.timeoutSeconds=2", *REACHABLE_WEBHOOK,
                   *QUICK) as objects:
        hook = world.cluster.get("validatingwebhookconfiguration", "ingress-nginx-admission")["webhooks"][0]
        check((hook["failurePolicy"], hook["timeoutSeconds"]) == ("Fail", 2), f"{hook}")
        *backend, good = world.web(ns, "web", "hook.example")
        world.cluster.apply(backend)
        code, text = apply(world, good)
        check(code != 0 and "failed calling webhook" in text, f"accepted while nobody could judge: {text}")
        with controller(world, objects) as weir:
            def accepted():
                code, text = apply(world, good)
                check(code == 0 or "failed calling webhook" in text, text)
                return code == 0
            wait_for("a good Ingress is accepted", accepted)
            wait_for("it is served", lambda: weir.get("hook.example").status == 200)
            for bad in (ingress(ns, "twice", "hook.example", "web"),
                        ingress(ns, "snippet", "snippet.hook.example", "web", annotations=SNIPPET),
                        ingress(ns, "no-url", "no-url.hook.example", "web", annotations=NO_URL)):
                want = said_by_check(world, good, bad)
                code, text = apply(world, bad)
                check(code != 0 and any(w in text for w in want), f"{bad['metadata']['name']}: {text!r}, expected {want!r}")
            code, text = apply(world, ingress(ns, "odd", "odd.hook.example", "web",
                                              annotations={"proxy-body-size": "2 buckets"}))
            check(code == 0 and "Warning: " in text and "2 buckets" in text, f"no warning is shown: {text}")
            code, text = apply(world, ingress(ns, "foreign", "foreign.hook.example", "web", annotations=SNIPPET,
                                              class_name="another"))
            check(code == 0, f"an Ingress of another class: {text}")
            names = [i["metadata"]["name"] for i in world.cluster.get("ingress", "-n", ns)["items"]]
            check(sorted(names) == ["foreign", "odd", "web"], f"stored: {names}")
            # The original's limit.
            check(answer_to(world, 9437184) == 413, "the body has no limit")
            check(answer_to(world, 2, b"{}") == 400, "an object that is no AdmissionReview")
            # Nobody answers in time: the API server decides by the policy.
            os.kill(weir.pid, signal.SIGSTOP)
            try:
                code, text = apply(world, ingress(ns, "late", "late.hook.example", "web"))
            finally:
                os.kill(weir.pid, signal.SIGCONT)
            check(code != 0 and "failed calling webhook" in text, f"accepted without an answer: {text}")
            check(weir.end() == 0, "the exit status")
        helm(world, "upgrade", "ingress-nginx", CHART, "-n", ns, "--reuse-values", "--set",
             "controller.admissionWebhooks.failurePolicy=Ignore")
        code, text = apply(world, ingress(ns, "twice", "hook.example", "web"))
        check(code == 0, f"refused although failures are to be ignored: {text}")
        world.cluster.kubectl("delete", "ingress", "--all", "-n", ns)
