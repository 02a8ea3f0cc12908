#!/usr/bin/env python3
"""How much a large cluster costs: Weir against a real API server with many objects. Not part of CI.

usage: apiserver_scale.py --weir BINARY [--ingresses N] [--changes N] [--data FOLDER [--only-make]]   default 10000, 200

Making the objects takes the API server longer than everything that is measured: --data keeps the cluster in a folder
for the next call, and --only-make ends once the objects are there.

N Ingresses and Services, 2 N EndpointSlices with 10 N endpoints, N / 5 TLS Secrets. Prints, one a line: time to the first
table and Weir's own CPU until then, memory, CPU at rest, and the time from a change's arrival until every worker serves
it (Weir's own measure) for edited Ingresses and for endpoints.
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
from cases_churn import memory  # noqa: E402

REST_SECONDS = 10
PAUSE_SECONDS = 0.1
RUN = int(time.time())  # the objects of --data may be as the run before left them


def objects(count, secret):
    for i in range(count):
        ns, name = "scale", f"web-{i}"
        one = w.ingress(ns, name, f"web-{i}.scale.example", name, annotations={"proxy-body-size": "8m"})
        if i % 5 == 0:
            one["spec"]["tls"] = [{"hosts": [f"web-{i}.scale.example"], "secretName": name}]
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


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1000


def changes(weir, client, count, made):
    """Changes one by one; of each the time from its arrival until it is live. A scrape costs Weir as much as a change,
    so there is one after each change, when that is live already."""
    name = "weir_config_change_to_live_seconds"
    before, times = weir.metrics(), []
    for i in range(count):
        status, text = made(client, i)
        w.check(status == 200, f"{status} {text[:200]}")
        end = time.monotonic() + 10
        while True:
            time.sleep(PAUSE_SECONDS)
            after = weir.metrics()
            if after[name + "_count"] > before[name + "_count"]:
                break
            w.check(time.monotonic() < end, "a change does not come into force")
        w.check(after[name + "_count"] == before[name + "_count"] + 1, "one change made more than one table")
        times.append(after[name + "_sum"] - before[name + "_sum"])
        before = after
    return f"p50 {quantile(times, 0.5):.1f} ms, p99 {quantile(times, 0.99):.1f} ms, max {max(times) * 1000:.1f} ms"


def edit_ingress(client, i):
    return client.patch(w.ingress("scale", f"web-{i}", "x", "x"), {"metadata": {"annotations": {
        "nginx.ingress.kubernetes.io/proxy-body-size": f"{RUN + i}k"}}})


def edit_endpoints(client, i):
    slice_ = w.slice_of("scale", f"web-{i}", f"198.19.{RUN % 250}.{i % 250 + 1}")
    slice_["metadata"]["name"] += "-0"
    return client.patch(slice_, {"endpoints": slice_["endpoints"]})


def make(control, world, ingresses):
    world.namespace("scale")
    done = control.folder / f"{ingresses}-made"
    if done.exists():
        return
    started = time.monotonic()
    bulk.create(control, objects(ingresses, w.tls_secret("scale", "x", ["*.scale.example"])))
    done.touch()
    print(f"objects made in {time.monotonic() - started:.0f} s", flush=True)


def measure(control, world, count):
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
        print("edited Ingress to live: " + changes(weir, client, count, edit_ingress), flush=True)
        print("endpoints to live: " + changes(weir, client, count, edit_endpoints), flush=True)
        print(f"own CPU per change {(cpu(weir) - before) / count / 2 * 1000:.1f} ms, "
              f"memory {memory(weir) / 1024:.0f} MiB", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--ingresses", type=int, default=10000)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--data", type=pathlib.Path, help="keep the cluster here")
    parser.add_argument("--only-make", action="store_true", help="make the objects in --data, and end")
    arguments = parser.parse_args()
    cluster.binaries()
    if "WEIR_APISERVER_NETNS" not in os.environ:
        os.environ["WEIR_APISERVER_NETNS"] = "1"
        os.execv(APISERVER / "in-netns", ["in-netns", sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory(prefix="weir-scale-") as scratch:
        control = cluster.Cluster(arguments.data or scratch)
        try:
            control.start()
            world = w.World(control, arguments.weir)
            world.prepare()
            make(control, world, arguments.ingresses)
            if not arguments.only_make:
                measure(control, world, arguments.changes)
        finally:
            control.stop()


if __name__ == "__main__":
    main()
