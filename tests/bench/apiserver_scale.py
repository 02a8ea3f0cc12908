#!/usr/bin/env python3
"""How much a large cluster costs: Weir against a real API server with many objects. Not part of CI.

usage: apiserver_scale.py --weir BINARY [--ingresses N] [--changes N]     default 10000, 200

N Ingresses and Services, 2 N EndpointSlices with 10 N endpoints, N / 5 TLS Secrets. Prints, one a line: time to the first
table and Weir's own CPU until then, memory, CPU at rest, and the time from a change's arrival until every worker serves
it (from Weir's own histogram) for edited Ingresses and for endpoints.
"""
import argparse
import os
import pathlib
import sys
import tempfile
import time

APISERVER = pathlib.Path(__file__).resolve().parents[1] / "apiserver"
sys.path.insert(0, str(APISERVER))

import bulk  # noqa: E402
import cluster  # noqa: E402
import world as w  # noqa: E402
from cases_churn import histogram, memory  # noqa: E402

REST_SECONDS = 10


def objects(count, secret):
    for i in range(count):
        ns, name = "scale", f"web-{i}"
        one = w.ingress(ns, name, f"scale-{i}.example", name, annotations={"proxy-body-size": "8m"})
        if i % 5 == 0:
            one["spec"]["tls"] = [{"hosts": [f"scale-{i}.example"], "secretName": name}]
            yield {**secret, "metadata": {"namespace": ns, "name": name}}
        yield w.service(ns, name)
        for part in range(2):
            number = i * 10 + part * 5
            addresses = [f"198.18.{(number + k) // 250 % 250}.{(number + k) % 250 + 1}" for k in range(5)]
            slice_ = w.slice_of(ns, name, *addresses)
            slice_["metadata"]["name"] += f"-{part}"
            yield slice_
        yield one


def cpu(weir):
    fields = pathlib.Path(f"/proc/{weir.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def delta(after, before, name):
    """The histogram of what came between."""
    return {k: v - before.get(k, 0) for k, v in after.items() if k.startswith(name + "_bucket")}


def changes(weir, client, count, made):
    """Changes one by one, each after the last is live; the time from its arrival until it is live."""
    name = "weir_config_change_to_live_seconds"
    before = weir.metrics()
    for i in range(count):
        made(client, i)
        wanted = before[name + "_count"] + i + 1
        w.wait_for("the change is live", lambda: weir.metric(name + "_count") >= wanted, 10)
    seen = delta(weir.metrics(), before, name)
    return f"p50 <= {histogram(seen, name, 0.5)} s, p99 <= {histogram(seen, name, 0.99)} s"


def edit_ingress(client, i):
    client.patch(w.ingress("scale", f"web-{i}", "x", "x"), {"metadata": {"annotations": {
        "nginx.ingress.kubernetes.io/proxy-body-size": f"{i + 10}m"}}})


def edit_endpoints(client, i):
    slice_ = w.slice_of("scale", f"web-{i}", f"198.19.{i // 250}.{i % 250 + 1}")
    slice_["metadata"]["name"] += "-0"
    client.patch(slice_, {"endpoints": slice_["endpoints"]})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--ingresses", type=int, default=10000)
    parser.add_argument("--changes", type=int, default=200)
    arguments = parser.parse_args()
    cluster.binaries()
    if "WEIR_APISERVER_NETNS" not in os.environ:
        os.environ["WEIR_APISERVER_NETNS"] = "1"
        os.execv(APISERVER / "in-netns", ["in-netns", sys.executable, *sys.argv])
    control = cluster.Cluster(tempfile.mkdtemp(prefix="weir-scale-"))
    try:
        control.start()
        world = w.World(control, arguments.weir)
        world.prepare()
        world.namespace("scale")
        started = time.monotonic()
        bulk.create(control, objects(arguments.ingresses, w.tls_secret("scale", "x", ["scale.example"])))
        print(f"objects made in {time.monotonic() - started:.0f} s", flush=True)
        started = time.monotonic()
        with world.weir("--update-status=false", "--disable-sync-events", ready=False) as weir:
            weir.wait_ready(120)
            print(f"first table after {time.monotonic() - started:.2f} s, own CPU {cpu(weir):.2f} s, "
                  f"memory {memory(weir) / 1024:.0f} MiB", flush=True)
            time.sleep(5)
            before = cpu(weir)
            time.sleep(REST_SECONDS)
            print(f"at rest {(cpu(weir) - before) / REST_SECONDS * 100:.2f} % of a core", flush=True)
            client = bulk.Client(control)
            before = cpu(weir)
            print("edited Ingress to live: " + changes(weir, client, arguments.changes, edit_ingress), flush=True)
            print("endpoints to live: " + changes(weir, client, arguments.changes, edit_endpoints), flush=True)
            print(f"own CPU per change {(cpu(weir) - before) / arguments.changes / 2 * 1000:.1f} ms, "
                  f"memory {memory(weir) / 1024:.0f} MiB", flush=True)
    finally:
        control.stop()


if __name__ == "__main__":
    main()
