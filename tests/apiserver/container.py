"""What a kubelet and a container runtime do for one container of a Pod, as far as Weir can notice: the image's files as
root, read-only, volumes from Secrets and the token of the service account, environment and arguments with their
references resolved, the account and the capabilities of the security context, a process number space of its own.

Needs root: it changes roots and accounts. The network is that of the test (in-netns)."""
import base64
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from world import DEADLINE, ROOT, Failed, Weir, check, request, wait_for

ACCOUNT_FOLDER = "var/run/secrets/kubernetes.io/serviceaccount"
DROP_AND_EXEC = ROOT / "tests/deploy/drop_and_exec.py"


def image(world):
    """The files of the image, made once."""
    if world.image is None:
        check(os.geteuid() == 0, "this case needs root: it runs a container's root folder and account")
        folder = pathlib.Path(tempfile.mkdtemp(prefix="image-", dir=world.cluster.folder))
        folder.chmod(0o755)
        done = subprocess.run([ROOT / "deploy/image/make_root", world.binary, folder], capture_output=True, text=True)
        check(done.returncode == 0, f"deploy/image/make_root: {done.stderr}")
        for path in ("proc", ACCOUNT_FOLDER):
            (folder / path).mkdir(parents=True)
        world.image = folder
    return world.image


def expanded(text, environment):
    """$(NAME), as in the arguments of a container."""
    return re.sub(r"\$\(([A-Z_]+)\)", lambda found: environment.get(found[1], found[0]), text)


def pod_of(world, workload, name):
    """The Pod of a Deployment, stored as the Deployment's controller would, and running as a kubelet would say."""
    namespace, template = workload["metadata"]["namespace"], workload["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod",
           "metadata": {**template["metadata"], "namespace": namespace, "name": name},
           "spec": {**template["spec"], "nodeName": "node-1"}}
    world.cluster.apply([pod])
    world.set_pod(namespace, name, "198.19.2.1", True)
    return pod


class Container(Weir):
    """The first container of a Pod object, running; use it in a `with` block. Ports are those of its flags."""

    def __init__(self, world, pod, ready=True):
        self.world, self.pod = world, pod
        self.spec = pod["spec"]["containers"][0]
        self.namespace, self.name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        self.account = f"system:serviceaccount:{self.namespace}:{pod['spec']['serviceAccountName']}"
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="container-", dir=world.cluster.folder))
        self.log_file = self.work / "log"
        self.make_root()
        environment = self.environment()
        arguments = [expanded(a, environment) for a in [*self.spec.get("command", []), *self.spec["args"]]]
        flags = dict(a[2:].split("=", 1) for a in arguments if a.startswith("--") and "=" in a)
        self.http, self.https, self.health = (int(flags.get(name, default)) for name, default in (
            ("http-port", 80), ("https-port", 443), ("healthz-port", 10254)))
        with open(self.log_file, "wb") as log, open(self.work / "access", "wb") as access:
            self.runtime = self.run(["unshare", "--mount", "--pid", "--fork",
                                     f"--mount-proc={self.root / 'proc'}"], arguments, stdout=access, stderr=log)
        self.process = self.runtime
        self.pid = self.wait_for_child()
        if ready:
            self.wait_ready()

    # ---------------------------------------------------------------------------------------------------- files
    def make_root(self):
        self.work.chmod(0o755)
        self.root = self.work / "root"
        # Links, so that the capability of the file stays; nothing in there is written to.
        subprocess.run(["cp", "-al", image(self.world), self.root], check=True)
        volumes = {v["name"]: v for v in self.pod["spec"].get("volumes", [])}
        for mount in self.spec.get("volumeMounts", []):
            folder = self.root / mount["mountPath"].lstrip("/")
            if mount["mountPath"] == ("/" + ACCOUNT_FOLDER):
                continue  # what the API server added to the Pod; below
            folder.mkdir(parents=True, exist_ok=True)
            volume = volumes[mount["name"]]
            if "secret" in volume:
                data = self.world.cluster.get("secret", volume["secret"]["secretName"], "-n", self.namespace)["data"]
                for key, value in data.items():
                    (folder / key).write_bytes(base64.b64decode(value))
        account = self.pod["spec"]["serviceAccountName"]
        token = self.world.cluster.kubectl("create", "token", account, "-n", self.namespace, "--duration=1h").strip()
        folder = self.root / ACCOUNT_FOLDER
        (folder / "token").write_text(token)
        (folder / "namespace").write_text(self.namespace)
        shutil.copy(self.world.cluster.pki / "ca.crt", folder)

    def environment(self):
        """Of the container, with the fields of the Pod, and the API server's address as a kubelet gives it."""
        meta = self.pod["metadata"]
        made = {"KUBERNETES_SERVICE_HOST": "127.0.0.1",
                "KUBERNETES_SERVICE_PORT": str(self.world.cluster.settings["ports"]["kube-apiserver"])}
        for entry in self.spec.get("env", []):
            if "valueFrom" in entry:
                path = entry["valueFrom"]["fieldRef"]["fieldPath"]
                made[entry["name"]] = {"metadata.name": meta["name"], "metadata.namespace": meta["namespace"]}[path]
            else:
                made[entry["name"]] = expanded(entry["value"], made)
        return made

    # ---------------------------------------------------------------------------------------------------- processes
    def run(self, around, command, **more):
        context = self.spec["securityContext"]
        check((context["runAsUser"], context["runAsGroup"]) == (101, 82), f"another account: {context}")
        check(context["capabilities"]["drop"] == ["ALL"], f"capabilities: {context}")
        kept = context["capabilities"].get("add", ["none"])[0].lower()
        environment = dict(os.environ, CONTAINER_ENVIRONMENT=json.dumps(self.environment()))
        return subprocess.Popen([*around, sys.executable, DROP_AND_EXEC, self.root, kept, *command], env=environment,
                                text=True, **more)

    def wait_for_child(self):
        """The number of process 1 inside, once it is the container's program and no longer what prepared it."""
        def program():
            if self.runtime.poll() is not None:
                raise Failed(f"the container ended with {self.runtime.returncode}:\n{self.log()}")
            children = pathlib.Path(f"/proc/{self.runtime.pid}/task/{self.runtime.pid}/children").read_text().split()
            inside = children and int(children[0])
            return inside and os.readlink(f"/proc/{inside}/exe").endswith("/usr/bin/weir") and inside
        return wait_for("the container runs its program", program)

    def exec(self, *command, expect=(0,)):
        """As `kubectl exec`, or a hook: its output."""
        process = self.run(["nsenter", f"--target={self.pid}", "--mount", "--pid"], command, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
        output, _ = process.communicate(timeout=DEADLINE)
        check(process.returncode in expect, f"{command} ended with {process.returncode}: {output}")
        return output

    def end(self, deadline=DEADLINE):
        """As a kubelet ends a container: by the hook if there is one, else SIGTERM. The exit status."""
        hook = self.spec.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command")
        if hook:
            # Without its process 1 a container has no processes: the kernel may be faster than the hook.
            self.exec(*hook, expect=(0, -signal.SIGKILL))
        elif self.runtime.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        try:
            return self.runtime.wait(deadline)
        except subprocess.TimeoutExpired:
            raise Failed(f"the container did not end within {deadline:.0f} s:\n{self.log()}") from None

    def __exit__(self, kind, *rest):
        # Not what --kill-child is there for: a change of the account takes that away from the program.
        if self.runtime.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            self.runtime.wait()
        super().__exit__(kind, *rest)

    def status_line(self, name):
        """What the kernel says of the program: Uid, CapBnd."""
        lines = pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(line.split()[1:] for line in lines if line.startswith(name + ":"))

    def probe(self, name):
        """The status that a probe of the container gets."""
        asked = self.spec[name]["httpGet"]
        return request(int(asked["port"]), "probe", asked["path"]).status


# ----------------------------------------------------------------------------------------------------------------- RBAC
def audit_of(world, account, since):
    """What an account asked the API server since an entry of the audit log, anything about its own rights apart."""
    return [e for e in world.cluster.audit()[since:]
            if e["user"]["username"] == account and "objectRef" in e]


def refused(entries):
    return sorted({f"{e['verb']} {e['objectRef']['resource']}" for e in entries
                   if e.get("responseStatus", {}).get("code") == 403})


def allows(rule, namespace, entry):
    """Is it this rule (of a Role in `namespace`, or of a ClusterRole) that may have granted a request?"""
    asked = entry["objectRef"]
    resource = "/".join(part for part in (asked["resource"], asked.get("subresource")) if part)
    return (asked.get("apiGroup", "") in rule["apiGroups"] and resource in rule["resources"]
            and entry["verb"] in rule["verbs"] and namespace in (None, asked.get("namespace"))
            and ("resourceNames" not in rule or asked.get("name") in rule["resourceNames"]))


def unused(rights, entries, instead):
    """Of (namespace or None, rule): every verb and resource that no request needed, as text. `instead`: verb -> the one
    that shows its use."""
    idle = []
    for namespace, rule in rights:
        for resource in rule["resources"]:
            for verb in rule["verbs"]:
                one = {**rule, "resources": [resource], "verbs": [instead.get(verb, verb)]}
                if not any(allows(one, namespace, e) for e in entries):
                    idle.append(f"{verb} {resource} in {namespace or 'the cluster'}")
    return idle
