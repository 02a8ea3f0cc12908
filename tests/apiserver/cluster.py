#!/usr/bin/env python3
"""A Kubernetes control plane for tests: etcd, kube-apiserver and kube-controller-manager on loopback, no kubelet.

usage: cluster.py start FOLDER                      everything; prints the path of an admin kubeconfig
       cluster.py stop FOLDER                       everything; the data stays
       cluster.py status FOLDER
       cluster.py {stop,kill,start,pause,resume} FOLDER COMPONENT
       cluster.py compact FOLDER                    makes the resource versions of this moment expire

FOLDER holds certificates, keys, logs and data. Ports are free ones, chosen at the first start. Only processes that
this script started are ever signalled: by their number and start time. The binaries come from tests/apiserver/build.
"""
import base64
import json
import os
import pathlib
import random
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
HOST = "127.0.0.1"
# ClusterIPs on loopback: what the API server dials by a Service (webhooks, aggregated APIs) stays on this machine.
SERVICE_RANGE = "127.96.0.0/16"
COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager")
CONTROLLERS = (
    # Without these a namespace never ends, a Pod has no account, and Services with selectors have no endpoints.
    "clusterrole-aggregation-controller", "endpointslice-controller", "endpointslice-mirroring-controller",
    "garbage-collector-controller", "namespace-controller", "root-ca-certificate-publisher-controller",
    "serviceaccount-controller", "serviceaccount-token-controller")
READY_SECONDS = 120  # a busy machine
STOP_SECONDS = 5  # an API server waits for its watches to end, which do not

AUDIT_POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
"""


class ClusterError(Exception):
    pass


def free_ports(count):
    """Below the ephemeral range: a connection to a free ephemeral port can meet itself."""
    found = []
    for port in random.sample(range(20000, 32000), 2000):
        try:
            with socket.socket() as probe:
                probe.bind((HOST, port))
            found.append(port)
        except OSError:
            continue
        if len(found) == count:
            return found
    raise ClusterError("no free ports between 20000 and 32000")


def binaries():
    """The folder with the programs; builds them the first time, which takes minutes."""
    started = time.monotonic()
    built = subprocess.run([HERE / "build"], stdout=subprocess.PIPE, text=True)
    if built.returncode != 0:
        raise ClusterError("the control plane could not be built; see the lines above (tests/apiserver/build)")
    if time.monotonic() - started > 10:
        print(f"the control plane was built in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return pathlib.Path(built.stdout.strip().splitlines()[-1])


def start_time(pid):
    """What tells two processes of one number apart; None: no such process, or it has ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.pki = self.folder / "pki"
        self.log = self.folder / "log"
        self.settings_file = self.folder / "settings.json"
        self.kubeconfig = self.folder / "admin.kubeconfig"
        self.settings = json.loads(self.settings_file.read_text()) if self.settings_file.exists() else None
        self.children = {}

    # ------------------------------------------------------------------------------------------------ life
    def start(self, extra=None):
        """Everything, each component when the one before is ready. `extra`: component -> more flags."""
        if self.settings is None:
            self.configure(extra or {})
        for component in COMPONENTS:
            self.start_component(component)
        return self.kubeconfig

    def stop(self):
        for component in reversed(COMPONENTS):
            self.end(component, signal.SIGTERM)

    def start_component(self, component):
        if self.pid(component) is not None:
            return
        command = getattr(self, "command_of_" + component.replace("-", "_"))() + self.settings["extra"].get(
            component, [])
        program = pathlib.Path(self.settings["binaries"]) / component
        with open(self.log / f"{component}.log", "ab") as output:
            child = subprocess.Popen([program, *command], stdin=subprocess.DEVNULL, stdout=output,
                                     stderr=subprocess.STDOUT, start_new_session=True)
        self.children[component] = child  # reaped by poll() in pid()
        self.pid_file(component).write_text(f"{child.pid} {start_time(child.pid)}")
        self.wait_ready(component)

    def wait_ready(self, component):
        deadline = time.monotonic() + READY_SECONDS
        while not self.is_ready(component):
            ended = self.pid(component) is None
            if ended or time.monotonic() > deadline:
                tail = (self.log / f"{component}.log").read_text(errors="replace").splitlines()[-12:]
                raise ClusterError("\n".join([f"{component} " + ("ended" if ended else "is not ready"), *tail]))
            time.sleep(0.1)

    def is_ready(self, component):
        ports = self.settings["ports"]
        try:
            if component == "etcd":
                with urllib.request.urlopen(f"http://{HOST}:{ports['etcd']}/health", timeout=2) as answer:
                    return json.load(answer).get("health") == "true"
            if component == "kube-apiserver":
                return (self.call("GET", "/readyz")[0] == 200
                        and self.call("GET", "/api/v1/namespaces/default")[0] == 200)
            with socket.create_connection((HOST, ports[component]), timeout=2):
                return True
        except OSError:
            return False

    def pid_file(self, component):
        return self.folder / "run" / component

    def pid(self, component):
        """The number of the very process that was started, while it runs."""
        child = self.children.get(component)
        if child is not None:
            child.poll()
        try:
            number, started = self.pid_file(component).read_text().split()
        except (OSError, ValueError):
            return None
        return int(number) if start_time(int(number)) == started else None

    def send(self, component, what):
        number = self.pid(component)
        if number is None:
            raise ClusterError(f"{component} does not run")
        os.kill(number, what)

    def end(self, component, what):
        if self.pid(component) is None:
            return
        self.send(component, signal.SIGCONT)
        self.send(component, what)
        deadline = time.monotonic() + STOP_SECONDS
        while self.pid(component) is not None:
            if time.monotonic() > deadline:
                self.send(component, signal.SIGKILL)
                deadline = time.monotonic() + STOP_SECONDS
            time.sleep(0.05)

    def kill(self, component):
        self.end(component, signal.SIGKILL)

    def pause(self, component):
        self.send(component, signal.SIGSTOP)

    def resume(self, component):
        self.send(component, signal.SIGCONT)

    # ------------------------------------------------------------------------------------------------ flags
    def command_of_etcd(self):
        client = f"http://{HOST}:{self.settings['ports']['etcd']}"
        peer = f"http://{HOST}:{self.settings['ports']['etcd-peer']}"
        return ["--name=test", f"--data-dir={self.folder / 'etcd'}", f"--listen-client-urls={client}",
                f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=test={peer}", "--log-level=warn",
                "--unsafe-no-fsync"]

    def command_of_kube_apiserver(self):
        ports = self.settings["ports"]
        return [
            f"--etcd-servers=http://{HOST}:{ports['etcd']}", f"--bind-address={HOST}",
            f"--secure-port={ports['kube-apiserver']}",
            # Neither a default route nor an address that may stand in Endpoints is needed with these two.
            f"--advertise-address={HOST}", "--endpoint-reconciler-type=none",
            f"--service-cluster-ip-range={SERVICE_RANGE}", f"--cert-dir={self.folder / 'run'}",
            f"--tls-cert-file={self.pki / 'server.crt'}", f"--tls-private-key-file={self.pki / 'server.key'}",
            f"--client-ca-file={self.pki / 'ca.crt'}", f"--token-auth-file={self.pki / 'tokens.csv'}",
            "--authorization-mode=Node,RBAC", "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-signing-key-file={self.pki / 'accounts.key'}",
            f"--service-account-key-file={self.pki / 'accounts.pub'}",
            f"--audit-policy-file={self.pki / 'audit.yaml'}", f"--audit-log-path={self.log / 'audit.log'}",
            "--audit-log-maxsize=200", "--profiling=false"]

    def command_of_kube_controller_manager(self):
        return [
            f"--kubeconfig={self.folder / 'manager.kubeconfig'}", f"--bind-address={HOST}",
            f"--secure-port={self.settings['ports']['kube-controller-manager']}", f"--cert-dir={self.folder / 'run'}",
            "--leader-elect=false", "--use-service-account-credentials=true", f"--controllers={','.join(CONTROLLERS)}",
            f"--service-account-private-key-file={self.pki / 'accounts.key'}",
            f"--root-ca-file={self.pki / 'ca.crt'}", "--profiling=false",
            # Endpoint changes of a test should not wait for the batching of a production cluster.
            "--endpointslice-updates-batch-period=0s", "--mirroring-endpointslice-updates-batch-period=0s"]

    # ------------------------------------------------------------------------------------------------ credentials
    def configure(self, extra):
        for path in (self.pki, self.log, self.folder / "run"):
            path.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        names = ("etcd", "etcd-peer", "kube-apiserver", "kube-controller-manager")
        self.settings = {"binaries": str(binaries()), "ports": dict(zip(names, free_ports(len(names)))),
                         "extra": extra, "token": os.urandom(16).hex()}
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
                     "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.crt",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.leaf("server", "/CN=kube-apiserver", "serverAuth",
                  f"DNS:localhost,DNS:kubernetes.default.svc,IP:{HOST},IP:{SERVICE_RANGE.rpartition('.')[0]}.1")
        self.leaf("admin", "/O=system:masters/CN=admin", "clientAuth")
        self.leaf("manager", "/CN=system:kube-controller-manager", "clientAuth")
        self.openssl("genrsa", "-out", "accounts.key", "2048")
        self.openssl("rsa", "-in", "accounts.key", "-pubout", "-out", "accounts.pub")
        (self.pki / "tokens.csv").write_text(f"{self.settings['token']},admin-by-token,1,system:masters\n")
        (self.pki / "audit.yaml").write_text(AUDIT_POLICY)
        for name, path in (("admin", self.kubeconfig), ("manager", self.folder / "manager.kubeconfig")):
            self.write_kubeconfig(path, {"client-certificate-data": self.encoded(f"{name}.crt"),
                                         "client-key-data": self.encoded(f"{name}.key")})
        self.settings_file.write_text(json.dumps(self.settings))

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.pki, capture_output=True, text=True)
        if done.returncode != 0:
            raise ClusterError(f"openssl {arguments[0]}: {done.stderr.strip()}")

    def leaf(self, name, subject, usage, names=""):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
                     "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (self.pki / f"{name}.ext").write_text(
            f"basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage={usage}\n"
            + (f"subjectAltName={names}\n" if names else ""))
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                     "-days", "3650", "-extfile", f"{name}.ext", "-out", f"{name}.crt")

    def encoded(self, name):
        return base64.b64encode((self.pki / name).read_bytes()).decode()

    @property
    def server(self):
        return f"https://{HOST}:{self.settings['ports']['kube-apiserver']}"

    def write_kubeconfig(self, path, user, namespace="default"):
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.server,
                                                      "certificate-authority-data": self.encoded("ca.crt")}}],
            "users": [{"name": "test", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}]}))
        path.chmod(0o600)
        return path

    def kubeconfig_of_account(self, namespace, account):
        """A kubeconfig with a token of a service account: what RBAC grants to it, and no more."""
        token = self.kubectl("create", "token", account, "-n", namespace, "--duration=1h").strip()
        return self.write_kubeconfig(self.folder / f"{namespace}-{account}.kubeconfig", {"token": token}, namespace)

    # ------------------------------------------------------------------------------------------------ use
    def kubectl(self, *arguments, objects=None, check=True, kubeconfig=None):
        """Runs kubectl; returns its output. `objects`: text for `-f -`."""
        environment = dict(os.environ, KUBECONFIG=str(kubeconfig or self.kubeconfig),
                           KUBECACHEDIR=str(self.folder / "cache"))  # not the home folder's: another cluster's
        program = pathlib.Path(self.settings["binaries"]) / "kubectl"
        done = subprocess.run([program, "--request-timeout=20s", *arguments], input=objects, capture_output=True,
                              text=True, env=environment, timeout=120)
        if check and done.returncode != 0:
            raise ClusterError(f"kubectl {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout if check else done

    def apply(self, objects):
        """Objects as text, or a list of dictionaries."""
        if not isinstance(objects, str):
            objects = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        return self.kubectl("apply", "-f", "-", objects=objects)

    def get(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def call(self, method, path, body=None, token=None, kind="application/json", timeout=10):
        """One request by hand: status and text."""
        request = urllib.request.Request(self.server + path, method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", "Bearer " + (token or self.settings["token"]))
        request.add_header("Content-Type", kind)
        context = ssl.create_default_context(cafile=str(self.pki / "ca.crt"))
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def compact(self):
        """Resource versions up to now expire: after the API server's next start they are answered with 410."""
        url = f"http://{HOST}:{self.settings['ports']['etcd']}/v3/kv/"
        ask = lambda name, body: json.load(urllib.request.urlopen(  # noqa: E731
            urllib.request.Request(url + name, json.dumps(body).encode()), timeout=10))
        revision = ask("range", {"key": "AA=="})["header"]["revision"]
        ask("compaction", {"revision": revision, "physical": True})
        return revision

    def audit(self):
        """Every request that was answered so far, as the audit log has it."""
        entries = []
        for line in (self.log / "audit.log").read_text().splitlines():
            try:
                entries.append(json.loads(line))
            except ValueError:  # the last line, half written
                continue
        return entries


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    action, cluster = arguments[0], Cluster(arguments[1])
    component = arguments[2] if len(arguments) > 2 else None
    if component is not None and component not in COMPONENTS:
        raise ClusterError(f"no such component: {component}; there are {', '.join(COMPONENTS)}")
    if cluster.settings is None and action != "start":
        raise ClusterError(f"{arguments[1]} holds no cluster")
    if action == "start" and component is None:
        print(cluster.start())
    elif action == "stop" and component is None:
        cluster.stop()
    elif action == "status":
        for name in COMPONENTS:
            print(name, "runs as" if cluster.pid(name) else "is not running", cluster.pid(name) or "")
    elif action == "compact":
        print(cluster.compact())
    elif component is None:
        raise ClusterError(f"{action} needs a component: {', '.join(COMPONENTS)}")
    elif action == "start":
        cluster.start_component(component)
    elif action == "stop":
        cluster.end(component, signal.SIGTERM)
    elif action in ("kill", "pause", "resume"):
        getattr(cluster, action)(component)
    else:
        raise ClusterError(f"no such action: {action}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ClusterError as error:
        print(f"cluster.py: {error}", file=sys.stderr)
        sys.exit(1)
