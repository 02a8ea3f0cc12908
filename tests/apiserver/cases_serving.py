"""What is applied with kubectl is served, exactly as from a folder of manifests."""
import pathlib
import tempfile
import time

import bulk
from case import case
from world import (BACKEND_PORT, ROOT, Load, check, dump, free_port, ingress, load_objects, namespace_object, parallel,
                   request, service, slice_of, tls_secret, wait_for)

SEEDS = sorted((ROOT / "tests/golden/compile").glob("seed-*/in.yaml"))


def backends_of(ingress_object):
    """(service, port) of every backend."""
    spec = ingress_object["spec"]
    found = [spec.get("defaultBackend")]
    for rule in spec.get("rules", []):
        found += [path["backend"] for path in rule.get("http", {}).get("paths", [])]
    return {(b["service"]["name"], b["service"]["port"].get("number", 80)) for b in found if b}


def completed(world, objects, prefix):
    """The objects with all they refer to: namespaces, Services, endpoints, certificates. Objects of equal names in
    different files get namespaces of their own (`prefix`)."""
    made, have = [], set()
    for o in objects:
        meta = o["metadata"]
        if o["kind"] != "IngressClass":
            meta["namespace"] = prefix + meta.get("namespace", "default")
        have.add((o["kind"], meta.get("namespace", ""), meta["name"]))
    for o in objects:
        ns = o["metadata"].get("namespace", "")
        if o["kind"] == "Secret":
            o["data"] = tls_secret(ns, "x", ["api.example.com", "www.example.com"])["data"]
        if o["kind"] == "Service":
            o["spec"].pop("selector", None)  # Services with selectors have a case of their own
            made.append(slice_of(ns, o["metadata"]["name"], world.backends.address(o["metadata"]["name"])))
        if o["kind"] == "EndpointSlice":
            made = [m for m in made if m["metadata"]["name"] != o["metadata"]["name"]]
            owner = o["metadata"]["labels"]["kubernetes.io/service-name"]
            o["ports"][0]["port"] = BACKEND_PORT
            o["endpoints"] = slice_of(ns, owner, world.backends.address(owner))["endpoints"]
        if o["kind"] != "Ingress":
            continue
        for entry in o["spec"].get("tls", []):
            name = ("Secret", ns, entry.get("secretName", ""))
            if name[2] and name not in have:
                have.add(name)
                made.append(tls_secret(ns, name[2], entry["hosts"]))
        for name, port in backends_of(o):
            if ("Service", ns, name) in have:
                continue
            have.add(("Service", ns, name))
            made.append(service(ns, name, ports=[{"name": "http", "port": port, "targetPort": BACKEND_PORT}]))
            made.append(slice_of(ns, name, world.backends.address(name)))
    spaces = [namespace_object(ns) for ns in sorted({n for _, n, _ in have if n})]
    return spaces + [o for o in objects + made]


def requests_of(objects):
    """(host, path, tls) for every rule: the path itself, below it, beside it."""
    asked = set()
    for o in objects:
        if o["kind"] != "Ingress":
            continue
        for rule in o["spec"].get("rules", []):
            host = rule.get("host", "none.example").replace("*", "any")
            for path in rule.get("http", {}).get("paths", []):
                text = path.get("path", "/").split("(")[0].replace(".+\\.", "/a.").replace("\\", "") or "/"
                for target in (text, text.rstrip("/") + "/below?q=1", text + "x", "/elsewhere", "/a.png"):
                    asked.update({(host, target, False), (host, target, True)})
    asked.update({("unknown.example", "/", False), ("unknown.example", "/", True)})
    return sorted(asked)


def seen(weir, asked):
    """What clients see, without what differs by the hour and by the instance."""
    def one(what):
        host, path, tls = what
        answer = weir.get(host, path, tls=tls)
        fields = {n: v for n, v in answer.fields.items() if n not in ("date", "x-request-id", "server")}
        location = fields.get("location", "")
        for mine, name in ((weir.https, "HTTPS"), (weir.http, "HTTP")):
            location = location.replace(f":{mine}", f":{name}")
        # A weight decides by chance between the two.
        body = answer.body.replace("api-service-canary", "api-service-stable")
        return what, (answer.status, {**fields, "location": location}, body)
    return dict(parallel(one, asked))


def same_as_standalone(world, objects):
    """Serves the objects from the cluster and from files, and compares; returns what was seen."""
    world.cluster.apply(dump(objects) if isinstance(objects, list) else objects)
    asked = requests_of(objects)
    kinds = ("ingressclasses", "ingresses", "services", "endpointslices", "secrets", "configmaps")
    with tempfile.TemporaryDirectory() as folder:
        # Everything that is in the cluster, not only what was applied: the API server fills defaults in.
        text = world.cluster.kubectl("get", ",".join(kinds), "-A", "-o", "yaml")
        pathlib.Path(folder, "all.yaml").write_text(text)
        with world.weir() as cluster, world.standalone(folder) as files:
            from_files = seen(files, asked)
            from_cluster = seen(cluster, asked)
    for what, answer in from_files.items():
        check(from_cluster[what] == answer, f"{what}: {from_cluster[what]} from the cluster, {answer} from files")
    world.cluster.kubectl("delete", "ingress", "-A", "--all")
    return from_cluster


def expect(seen_answers, host, path, status, body="", tls=False):
    answer = seen_answers[(host, path, tls)]
    check(answer[0] == status and answer[2].startswith(body), f"{host}{path}: {answer}, expected {status} {body}")


@case("the manifests of examples, applied with kubectl, answer as in standalone mode")
def examples_answer_as_standalone(world):
    objects = completed(world, load_objects(*sorted((ROOT / "examples/quickstart").glob("*.yaml"))), "example-")
    answers = same_as_standalone(world, objects)
    expect(answers, "shop.example.com", "/below?q=1", 200, "web GET /below?q=1")
    expect(answers, "shop.example.com", "/api/below?q=1", 200, "api GET /below?q=1")
    expect(answers, "files.example.com", "/a.png", 200, "api ")
    expect(answers, "secure.example.com", "/", 200, "web ", tls=True)
    expect(answers, "unknown.example", "/", 404)


@case("the manifests of the requirements, applied with kubectl, answer as in standalone mode")
def seed_manifests_answer_as_standalone(world):
    check(len(SEEDS) >= 8, f"{len(SEEDS)} seed manifests")
    for path in SEEDS:
        name = path.parent.name.removeprefix("seed-")
        answers = same_as_standalone(world, completed(world, load_objects(path), name + "-"))
        if name == "01-main-ingress":
            expect(answers, "app.example.com", "/", 200, "web-frontend ", tls=True)
            expect(answers, "app.example.com", "/", 308)
        if name == "05-blue-green":
            expect(answers, "api.example.com", "/below?q=1", 200, "api-service-blue ")
        if name == "06-rewrite":
            expect(answers, "api.example.com", "/api/users/below?q=1", 200, "user-service GET /below?q=1")
        if name == "07-auth":
            # Authentication asks a server that cannot be reached here: nobody gets in.
            check(answers[("admin.example.com", "/", False)][0] >= 500, f"{answers[('admin.example.com', '/', False)]}")
        world.cluster.kubectl("delete", "ingressclass", "--all")
    world.prepare()


@case("endpoints of a Service with a selector come from the real controller, by port name and readiness")
def selectors_and_readiness(world):
    ns = world.namespace("selectors")
    address = world.backends.address("first")
    other = world.backends.address("second")
    world.start_pod(ns, "first", {"app": "web"}, address, ready=False)
    world.cluster.apply([service(ns, "web", {"app": "web"}, ports=[
        {"name": "front", "port": 80, "targetPort": "http"}]), ingress(ns, "web", "selectors.example", "web")])
    with world.weir() as weir:
        wait_for("503 without a ready Pod", lambda: weir.get("selectors.example").status == 503)
        world.set_pod(ns, "first", address, True)
        wait_for("the first Pod serves", lambda: weir.get("selectors.example").body.startswith("first"))
        world.start_pod(ns, "second", {"app": "web"}, other)
        wait_for("both Pods serve", lambda: {weir.get("selectors.example").body.split()[0] for _ in range(8)} ==
                 {"first", "second"})
        with Load(weir, ["selectors.example"]):
            world.cluster.kubectl("delete", "pod", "first", "-n", ns, "--grace-period=0", "--force")
            wait_for("only the second serves", lambda: {weir.get("selectors.example").body.split()[0]
                                                        for _ in range(8)} == {"second"})


@case("a route that is switched from blue to green never passes through a moment without endpoints")
def blue_green_under_load(world):
    ns = world.namespace("colours")
    world.cluster.apply(world.web(ns, "blue", "colour.example") + world.web(ns, "green", "unused.example"))
    with world.weir() as weir:
        with Load(weir, ["colour.example"]):
            for colour in ("green", "blue", "green"):
                world.cluster.apply([ingress(ns, "blue", "colour.example", colour)])
                wait_for(f"{colour} serves", lambda: weir.get("colour.example").body.startswith(f"{ns}/{colour}"))
            # A new Service, its endpoints and the switch to it in one go.
            address = world.backends.address("red")
            world.cluster.apply([service(ns, "red"), slice_of(ns, "red", address),
                                 ingress(ns, "blue", "colour.example", "red")])
            wait_for("red serves", lambda: weir.get("colour.example").body.startswith("red"))


@case("a certificate is taken from its Secret, and a renewed one without a restart")
def certificates_are_renewed(world):
    ns = world.namespace("renewal")
    objects = world.web(ns, "web", "tls.example", annotations={"ssl-redirect": "false"})
    objects[-1]["spec"]["tls"] = [{"hosts": ["tls.example"], "secretName": "cert"}]
    world.cluster.apply(objects)
    with world.weir() as weir:
        before = weir.get("tls.example", tls=True).certificate
        world.cluster.apply([tls_secret(ns, "cert", ["tls.example"])])
        first = wait_for("the certificate of the Secret", lambda: (
            lambda c: c != before and c)(weir.get("tls.example", tls=True).certificate))
        world.cluster.apply([tls_secret(ns, "cert", ["tls.example"])])
        wait_for("the renewed certificate", lambda: weir.get("tls.example", tls=True).certificate != first)


@case("two controllers of different classes serve side by side, each its own Ingresses")
def two_classes_side_by_side(world):
    ns = world.namespace("classes")
    world.cluster.apply([{"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
                          "metadata": {"name": "internal"}, "spec": {"controller": "weir.example/internal"}}])
    world.cluster.apply(world.web(ns, "public", "public.example") +
                        world.web(ns, "private", "private.example", class_name="internal"))
    with world.weir("--publish-status-address=192.0.2.1") as public, \
            world.weir("--controller-class=weir.example/internal", "--ingress-class=internal",
                       "--election-id=ingress-controller-leader-internal", "--publish-status-address=192.0.2.2",
                       kubeconfig=world.cluster.kubeconfig, pod="weir-internal") as private:
        check(public.get("public.example").status == 200, "public")
        check(private.get("private.example").status == 200, "private")
        check(public.get("private.example").status == 404, "the public one serves the private Ingress")
        check(private.get("public.example").status == 404, "the private one serves the public Ingress")
        wait_for("both report their own", lambda: world.status_addresses(ns, "public") == ["192.0.2.1"] and
                 world.status_addresses(ns, "private") == ["192.0.2.2"])


@case("a path that changes to a Service made after the Ingress named it is served all the time, and a new path at once by its endpoints")
def late_endpoints(world):
    ns = world.namespace("late")
    world.cluster.apply(world.web(ns, "web-0", "late.example"))
    client, slowest = bulk.Client(world.cluster), 0

    def make(object_):
        status, text = client.call("POST", bulk.path_of(object_, False), object_)
        check(status == 201, f"{status} {text[:200]}")

    with world.weir() as weir:
        with Load(weir, ["late.example"]) as load:
            for turn in range(1, 11):
                service_object, slice_object, ingress_object = world.web(ns, f"web-{turn}", "late.example")
                began = time.monotonic()
                status, text = client.patch(world.web(ns, "web-0", "late.example")[2], {"spec": ingress_object["spec"]})
                check(status == 200, f"{status} {text[:200]}")
                make(service_object)
                make(slice_object)
                slowest = max(slowest, time.monotonic() - began)
                wait_for(f"web-{turn} answers",
                         lambda: weir.get("late.example").body.startswith(f"{ns}/web-{turn} "))
            if slowest > 2:  # the wait for endpoints has an end; on such a machine it may have come
                load.failures.clear()
                print(f"        not judged: the API server took {slowest:.1f} s for three objects")
        seen = set()
        for turn in range(11, 16):
            service_object, slice_object, ingress_object = world.web(ns, f"web-{turn}", f"late-{turn}.example")
            began = time.monotonic()
            for object_ in (ingress_object, service_object, slice_object):
                make(object_)
            while weir.get(f"late-{turn}.example").status != 200:
                if time.monotonic() - began < 2:
                    seen.add(weir.get(f"late-{turn}.example").status)
                check(time.monotonic() - began < 30, "the new path is not served")
        check(seen <= {404, 200}, f"a new path answered {seen}: it came before its endpoints")


@case("a TCP service of a ConfigMap that a flag names has a port of its own, also where the ConfigMap is outside the watched namespace")
def tcp_services(world):
    ns, maps = world.namespace("tcp"), world.namespace("tcp-maps")
    world.cluster.apply(world.web(ns, "web", "tcp.example"))
    first, second = free_port(), free_port()

    def write(data):
        world.cluster.apply([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": maps, "name": "tcp"}, "data": data}])

    def answers(port):
        return request(port, "whoever").body.startswith(f"{ns}/web ")

    def refuses(port):
        try:
            request(port, "whoever")
            return False
        except ConnectionRefusedError:
            return True

    write({str(first): f"{ns}/web:http", "19999": f"{ns}/nobody:80"})
    with world.weir(f"--tcp-services-configmap={maps}/tcp", f"--watch-namespace={ns}") as weir:
        wait_for("the port answers", lambda: answers(first))
        wait_for("an Event about the other entry", lambda: any(
            "19999" in e["message"] and "does not exist" in e["message"] for e in world.events(maps, "StreamProblem")))
        write({str(second): f"{ns}/web:80"})
        wait_for("the new port answers", lambda: answers(second))
        wait_for("the old port is closed", lambda: refuses(first))
        check(weir.get("tcp.example").status == 200, "the Ingress is served as before")
