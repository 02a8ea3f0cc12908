#!/usr/bin/env python3
"""Weir against a real Kubernetes API server: starts one (cluster.py), runs the cases of this folder, stops it.

usage: run.py --weir BINARY [--suite NAME] [--keep] [--list] [NAME ...]    NAME: part of a case's function name

A case is a function of a cases_*.py with @case("sentence"). All of them share one cluster and run one after the other,
in a network namespace of their own (in-netns); each uses namespaces and host names of its own.
"""
import argparse
import importlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
# Churn leaves many Ingresses behind, whose Events would delay those that the cases before it wait for.
MODULES = ("cases_serving", "cases_rights", "cases_status", "cases_leader", "cases_chart", "cases_webhook",
           "cases_image_swap", "cases_churn", "cases_failures")
SUITES = {"apiserver": MODULES, "certmanager": ("cases_certmanager",)}


def enter_namespace():
    """Starts this program again where the addresses of backends may be used."""
    os.environ["WEIR_APISERVER_NETNS"] = "1"
    os.execv(HERE / "in-netns", ["in-netns", sys.executable, *sys.argv])


def fetch(suite):
    """What the cases need besides the control plane, made available where there is a network: their folders."""
    import cluster
    wanted = {"WEIR_TOOLS": "deploy/fetch_tools"} if suite == "apiserver" else {"WEIR_CERTMANAGER": "certmanager/build"}
    for name, script in wanted.items():
        done = subprocess.run([HERE.parent / script], stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise cluster.ClusterError(f"tests/{script} failed; see the line above")
        os.environ[name] = done.stdout.strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--suite", choices=SUITES, default="apiserver")
    parser.add_argument("--keep", action="store_true", help="keep the folder of the cluster: logs, audit log, data")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()

    sys.path.insert(0, str(HERE))
    import cluster
    for module in SUITES[arguments.suite]:
        importlib.import_module(module)
    from case import cases
    chosen = [c for c in cases if not arguments.names or any(n in c.name for n in arguments.names)]
    if arguments.list:
        for one in chosen:
            print(f"{one.name}: {one.sentence}")
        return 0
    if not chosen:
        print("no case has such a name", file=sys.stderr)
        return 2
    try:
        cluster.binaries()  # out here there is a network
        fetch(arguments.suite)
    except cluster.ClusterError as error:
        print(f"FAILED: what to test against is missing: {error}")
        return 1
    if "WEIR_APISERVER_NETNS" not in os.environ:
        enter_namespace()
    return run(chosen, arguments, cluster)


def run(chosen, arguments, cluster):
    from world import World
    folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-cluster-"))
    control = cluster.Cluster(folder)
    failed, started = [], time.monotonic()
    try:
        control.start()
        world = World(control, arguments.weir)
        world.prepare()
        print(f"the control plane is up after {time.monotonic() - started:.1f} s", flush=True)
        for one in chosen:
            at = time.monotonic()
            try:
                one.function(world)
                print(f"ok      {time.monotonic() - at:5.1f} s  {one.sentence}", flush=True)
            except Exception as error:  # whatever it is, the other cases still run
                failed.append(one.name)
                where = traceback.extract_tb(error.__traceback__)
                place = next((f for f in reversed(where) if "cases_" in f.filename), where[-1])
                print(f"FAILED  {time.monotonic() - at:5.1f} s  {one.sentence}\n        {one.name} "
                      f"({pathlib.Path(place.filename).name}:{place.lineno}): {type(error).__name__}: {error}", flush=True)
    except cluster.ClusterError as error:
        print(f"FAILED: {error}")
        return 1
    finally:
        try:
            control.stop()
        finally:
            if arguments.keep:
                print(f"kept: {folder}")
            else:
                shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(chosen) - len(failed)} of {len(chosen)} cases passed in {time.monotonic() - started:.0f} s")
    if failed:
        print("again with: tests/apiserver/run.py --weir BINARY " + " ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
