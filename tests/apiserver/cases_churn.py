"""Everything changes all the time: what stays is served all the time."""
import os
import random
import time

import bulk
from case import case
from world import Load, check, wait_for

# A full-size run is a measurement (docs/performance.md): WEIR_CHURN="1000 120".
SIZE, SECONDS = (int(n) for n in os.environ.get("WEIR_CHURN", "100 12").split())


def memory(weir):
    with open(f"/proc/{weir.process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def histogram(metrics, name, share):
    """Upper bound of the bucket in which that share of the observations ends."""
    buckets = sorted((float(k.split('le="')[1].split('"')[0].replace("+Inf", "inf")), v)
                     for k, v in metrics.items() if k.startswith(name + "_bucket"))
    return next((bound for bound, count in buckets if count >= share * buckets[-1][1]), None) if buckets else None


@case("while Ingresses, endpoints and Services change all the time, no request to a route that stays is lost")
def churn(world):
    ns = world.namespace("churn")
    addresses = [world.backends.address("churn") for _ in range(3)]
    sets = {i: world.web(ns, f"web-{i}", f"churn-{i}.example") for i in range(SIZE)}
    bulk.create(world.cluster, [o for objects in sets.values() for o in objects])
    steady = [f"churn-{i}.example" for i in range(0, SIZE, 10)]  # these keep their Ingress
    client = bulk.Client(world.cluster)
    chance = random.Random(1)
    with world.weir() as weir:
        with Load(weir, steady):
            middle, changes, end = None, 0, time.monotonic() + SECONDS
            while time.monotonic() < end:
                number = chance.randrange(SIZE)
                service, slice_, ingress = sets[number]
                kind = chance.random()
                if kind < 0.6:
                    some = chance.sample(addresses, chance.randint(1, 3))
                    client.patch(slice_, {"endpoints": [{"addresses": [a], "conditions": {"ready": True}} for a in some]})
                elif kind < 0.8:
                    size = f"{chance.randint(1, 9)}m"
                    client.patch(ingress, {"metadata": {"annotations": {
                        "nginx.ingress.kubernetes.io/proxy-body-size": size}}})
                elif number % 10 != 0:
                    client.call("DELETE", bulk.path_of(ingress))
                    client.call("POST", bulk.path_of(ingress, False), ingress)
                changes += 1
                if middle is None and time.monotonic() > end - SECONDS * 0.7:
                    middle = memory(weir)
            growth = memory(weir) / middle
        for number in range(0, SIZE, max(1, SIZE // 20)):
            wait_for(f"churn-{number}.example is served",
                     lambda: weir.get(f"churn-{number}.example").status == 200)
        metrics = weir.metrics()
        live = "weir_config_change_to_live_seconds"
        print(f"        {changes} changes in {SECONDS} s among {SIZE} Ingresses; change to live p50 <= "
              f"{histogram(metrics, live, 0.5)} s, p99 <= {histogram(metrics, live, 0.99)} s; memory x {growth:.2f}")
        check(changes > 3 * SECONDS, f"only {changes} changes")  # a busy machine makes fewer than it could
        check(growth < 1.25, f"memory grew by {growth:.2f}")
