"""Many requests to the API server by hand: kubectl takes a process for each."""
import http.client
import json
import ssl
import threading

GROUPS = {"Ingress": ("/apis/networking.k8s.io/v1", "ingresses"), "Service": ("/api/v1", "services"),
          "EndpointSlice": ("/apis/discovery.k8s.io/v1", "endpointslices"), "Secret": ("/api/v1", "secrets")}


def path_of(object_, named=True):
    prefix, plural = GROUPS[object_["kind"]]
    meta = object_["metadata"]
    return f"{prefix}/namespaces/{meta['namespace']}/{plural}" + (f"/{meta['name']}" if named else "")


class Client:
    """One connection."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.context = ssl.create_default_context(cafile=str(cluster.pki / "ca.crt"))
        self.connection = None

    def call(self, method, path, body=None, kind="application/json"):
        if self.connection is None:
            host, _, port = self.cluster.server.removeprefix("https://").rpartition(":")
            self.connection = http.client.HTTPSConnection(host, int(port), context=self.context, timeout=30)
        self.connection.request(method, path, None if body is None else json.dumps(body), {
            "Authorization": "Bearer " + self.cluster.settings["token"], "Content-Type": kind})
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, text

    def patch(self, object_, change):
        return self.call("PATCH", path_of(object_), change, "application/merge-patch+json")


def create(cluster, objects, connections=4):
    """Creates them all, a few at a time; raises what went wrong first."""
    work, lock, problems = iter(objects), threading.Lock(), []

    def run():
        client = Client(cluster)
        while not problems:
            with lock:
                object_ = next(work, None)
            if object_ is None:
                return
            try:
                status, text = client.call("POST", path_of(object_, False), object_)
                if status not in (201, 409):
                    problems.append(f"{path_of(object_)}: {status} {text[:200]}")
            except (OSError, http.client.HTTPException) as error:
                problems.append(f"{path_of(object_)}: {error!r}")

    threads = [threading.Thread(target=run) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise RuntimeError(problems[0])
