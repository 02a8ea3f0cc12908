"""The chart of this repository in the cluster of the cases: real helm, and the Pod that its Deployment describes."""
import contextlib
import os
import pathlib
import subprocess

import yaml

from container import Container, pod_of
from world import ROOT, ClusterError, ingress_class

CHART = ROOT / "deploy/helm/weir"
RELEASE = "ingress-nginx"
# No kube-proxy maps ports here: what the API server dials is the Service's address and port, so the port must be the one
# that the container listens on. Nothing else of the webhook's configuration differs from that of a cluster.
REACHABLE_WEBHOOK = ("--set", "controller.admissionWebhooks.service.servicePort=8443")

QUICK = ("--set", "controller.extraArgs.post-shutdown-grace-period=0")  # seconds that every case would wait at its end


def helm(world, *arguments):
    """Runs helm; returns what it printed."""
    home = world.cluster.folder / "helm"
    environment = dict(os.environ, KUBECONFIG=str(world.cluster.kubeconfig), HELM_CACHE_HOME=str(home),
                       HELM_CONFIG_HOME=str(home), HELM_DATA_HOME=str(home))
    done = subprocess.run([pathlib.Path(os.environ["WEIR_TOOLS"]) / "helm", *arguments], capture_output=True, text=True,
                          env=environment, timeout=120)
    if done.returncode != 0:
        raise ClusterError(f"helm {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


@contextlib.contextmanager
def installed(world, namespace, *values):
    """`helm install` in a new namespace; gives the objects of the release by (kind, name). Uninstalled afterwards, and
    the class of the other cases is back."""
    world.namespace(namespace)
    try:
        helm(world, "install", RELEASE, CHART, "-n", namespace, "--take-ownership", *values)
        text = helm(world, "get", "manifest", RELEASE, "-n", namespace)
        yield {(o["kind"], o["metadata"]["name"]): o for o in yaml.safe_load_all(text) if o}
    finally:
        helm(world, "uninstall", RELEASE, "-n", namespace, "--ignore-not-found")
        world.cluster.apply([ingress_class("nginx")])


def controller(world, objects):
    """Runs the first Pod of the release."""
    return Container(world, pod_of(world, objects["Deployment", f"{RELEASE}-controller"], f"{RELEASE}-controller-0"))


def rights(objects):
    """(namespace or None, rule) of all that the chart grants."""
    return [(o["metadata"].get("namespace"), rule) for (kind, _), o in objects.items()
            if kind in ("Role", "ClusterRole") for rule in o["rules"]]


def load_balancer(world, namespace, address):
    """What a cloud does with the Service of type LoadBalancer."""
    world.patch_status(f"/api/v1/namespaces/{namespace}/services/{RELEASE}-controller",
                       {"loadBalancer": {"ingress": [{"ip": address}]}})
