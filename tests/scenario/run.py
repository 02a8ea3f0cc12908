#!/usr/bin/env python3
"""Runs scenario files against a real `weir serve`: objects + request -> what the upstream saw, what the client got.

usage: run.py --weir BINARY [--jobs N] [--keep] [FILE|FOLDER ...]
The file format is described in docs/testing.md. Everything talks over loopback; each scenario has its own process,
its own folder of manifests and its own upstreams.
"""
import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zlib

import yaml

from ports import free_port

HERE = pathlib.Path(__file__).resolve().parent
PREFIX = "nginx.ingress.kubernetes.io/"
# Sanitizer builds are slow; every wait is a deadline, never a fixed pause.
DEADLINE = float(os.environ.get("WEIR_TEST_DEADLINE", "15"))


class Failed(Exception):
    pass


# ---------------------------------------------------------------------------------------------- messages on a socket
class Message:
    """One HTTP/1 message as it was on the wire."""

    def __init__(self, start, fields, body):
        self.start, self.fields, self.body = start, fields, body
        self.trailers = []
        self.tls = None  # of the connection it came on, as an upstream sees it

    def values(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]


def read_message(stream, to_head=False, first=None):
    """Reads one message; None at a clean end. 1xx answers are skipped unless they switch protocols."""
    while True:
        line = first or stream.readline()
        first = None
        if not line:
            return None
        start = line.decode("latin-1").rstrip("\r\n")
        fields = []
        while True:
            line = stream.readline()
            if line in (b"\r\n", b"\n", b""):
                break
            name, _, value = line.decode("latin-1").rstrip("\r\n").partition(":")
            fields.append((name, value.strip()))
        message = Message(start, fields, b"")
        parts = start.split(" ")
        status = int(parts[1]) if start.startswith("HTTP/") and parts[1].isdigit() else 0
        if status and status < 200 and status != 101:
            continue
        break
    if to_head or status in (101, 204, 304):
        return message
    if message.values("Transfer-Encoding"):
        chunks = []
        while True:
            size = int(stream.readline().split(b";")[0], 16)
            if size == 0:
                while stream.readline() not in (b"\r\n", b"\n", b""):
                    pass
                break
            chunks.append(stream.read(size))
            stream.readline()
        message.body = b"".join(chunks)
    elif message.values("Content-Length"):
        message.body = stream.read(int(message.values("Content-Length")[0]))
    elif status:
        message.body = stream.read()
    return message


# ---------------------------------------------------------------------------------------------------------- upstream
class Upstream:
    """A recording backend. Answers with its scripted responses in turn; the last one (or 200 + its name) for ever."""

    def __init__(self, name, responses=None, refuse=False, tls=None, silent=False):
        self.name, self.tls, self.silent = name, tls, silent
        self.responses = list(responses or [])
        self.seen = []
        self.connections = 0
        self.lock = threading.Lock()
        if refuse:  # bound but not listening: nobody else gets the port, and connections are refused
            self.listener = socket.socket()
            self.listener.bind(("127.0.0.1", 0))
            self.port = self.listener.getsockname()[1]
            return
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def next_response(self):
        with self.lock:
            if not self.responses:
                return {}
            return self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]

    def serve(self, connection):
        with connection:
            try:
                if self.silent:  # takes everything; says nothing, or one text
                    if isinstance(self.silent, str):
                        connection.sendall(self.silent.encode("latin-1"))
                    while connection.recv(65536):
                        pass
                    return
                seen = None
                if self.tls:
                    connection = self.tls.wrap_socket(connection, server_side=True)
                    subject = dict(part[0] for part in (connection.getpeercert() or {}).get("subject", ()))
                    seen = {"version": connection.version(), "sni": getattr(connection, "wanted_name", None),
                            "client": subject.get("commonName"), "resumed": connection.session_reused}
                stream = connection.makefile("rb")
                while (request := read_message(stream)) is not None:
                    request.tls = seen
                    with self.lock:
                        self.seen.append(request)
                    answer = self.next_response()
                    if answer.get("delay_ms"):
                        time.sleep(answer["delay_ms"] / 1000)
                    if answer.get("reset"):
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                        return
                    connection.sendall(self.render(answer, request))
                    if answer.get("close") or answer.get("raw"):
                        return
                    if answer.get("status") == 101:
                        while data := connection.recv(65536):
                            connection.sendall(data)
                        return
            except OSError:
                return

    def render(self, answer, request):
        if "raw" in answer:
            return answer["raw"].encode("latin-1")
        status = answer.get("status", 200)
        body = answer.get("body", self.name)
        if isinstance(body, int):
            body = "x" * body
        body = body.encode()
        fields = [(k, v) for k, vs in (answer.get("headers") or {}).items() for v in (vs if isinstance(vs, list) else [vs])]
        if answer.get("chunked"):
            fields.append(("Transfer-Encoding", "chunked"))
            half = len(body) // 2
            pieces = [p for p in (body[:half], body[half:]) if p]
            payload = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
        elif status in (101, 204, 304):
            payload = b""
        else:
            fields.append(("Content-Length", str(len(body))))
            payload = b"" if request.start.startswith("HEAD ") else body
        head = "".join(f"{k}: {v}\r\n" for k, v in fields)
        return f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode("latin-1") + payload


# ----------------------------------------------------------------------------------------------------------- objects
def service_objects(name, port, spec):
    namespace, _, short = name.rpartition("/")
    namespace = namespace or "default"
    meta = {"name": short, "namespace": namespace}
    ports = spec.get("ports") or [{"name": "http", "port": 80}]
    if spec.get("external"):  # reached by that name
        yield {"apiVersion": "v1", "kind": "Service", "metadata": meta,
               "spec": {"type": "ExternalName", "externalName": spec["external"], "ports": [{**p, "targetPort": port} for p in ports]}}
        return
    yield {"apiVersion": "v1", "kind": "Service", "metadata": meta,
           "spec": {"ports": [{**p, "targetPort": p.get("targetPort", port)} for p in ports]}}
    count = spec.get("endpoints", 1)
    endpoints = [{"addresses": ["127.0.0.1"], "conditions": {"ready": spec.get("ready", True)}}] if count else []
    yield {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
           "metadata": {**meta, "name": short + "-1", "labels": {"kubernetes.io/service-name": short}},
           "endpoints": endpoints,
           "ports": [{**({"name": p["name"]} if "name" in p else {}), "port": port} for p in ports]}


def ingress_object(short):
    """The short form of an Ingress; see docs/testing.md."""
    annotations = {k if "/" in k else PREFIX + k: str(v) for k, v in (short.get("annotations") or {}).items()}
    meta = {"name": short.get("name", "web"), "namespace": short.get("namespace", "default"), "annotations": annotations}
    if "created" in short:
        meta["creationTimestamp"] = short["created"]
    spec = {"ingressClassName": short.get("class", "nginx")}
    rules = short.get("rules") or ([{"host": short.get("host"), "paths": short.get("paths", {"/": "web"})}]
                                   if "host" in short or "paths" in short else [])
    spec["rules"] = [rule_object(rule) for rule in rules]
    if "default" in short:
        spec["defaultBackend"] = backend_object(short["default"])
    if "tls" in short:
        spec["tls"] = short["tls"]
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": spec}


def backend_object(text):
    name, _, port = str(text).partition(":")
    port = port or "80"
    return {"service": {"name": name, "port": {"number": int(port)} if port.isdigit() else {"name": port}}}


def rule_object(rule):
    paths = []
    for path, backend in (rule.get("paths") or {}).items():
        kind, _, target = str(backend).rpartition(" ")
        paths.append({"path": path, "pathType": kind or "Prefix", "backend": backend_object(target)})
    result = {"http": {"paths": paths}}
    if rule.get("host"):
        result["host"] = rule["host"]
    return result


class Pki:
    """Certificates of a scenario's `pki`: name -> {by: another one, names: [...], subject: /CN=x, ca: false}."""

    def __init__(self, folder, spec):
        self.folder = folder
        folder.mkdir()
        for name, one in spec.items():
            one = one or {}
            names = ",".join(f"{'IP' if n[0].isdigit() else 'DNS'}:{n}" for n in one.get("names") or [])
            issuer = ["-CA", self.path(one["by"]), "-CAkey", self.path(one["by"], "key")] if one.get("by") else []
            is_ca = one.get("ca", not one.get("by"))
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", self.path(name, "key"), "-out", self.path(name), "-days", "30", *issuer,
                            "-subj", one.get("subject", f"/CN={name}"),
                            "-addext", f"basicConstraints=critical,CA:{'TRUE' if is_ca else 'FALSE'}",
                            *(["-addext", f"subjectAltName={names}"] if names else [])], check=True, capture_output=True)

    def path(self, name, kind="crt"):
        return self.folder / f"{name}.{kind}"

    def text(self, name, kind="crt"):
        return self.path(name, kind).read_text()

    def server(self, spec):
        """The context of an upstream: {certificate: NAME, clients: NAME of the CA, versions: [1.2]}."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(spec["certificate"]), self.path(spec["certificate"], "key"))
        if spec.get("version"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion[f"TLSv{spec['version']}".replace(".", "_")]
        if spec.get("clients"):
            context.load_verify_locations(self.path(spec["clients"]))
            context.verify_mode = ssl.CERT_OPTIONAL
        context.sni_callback = lambda connection, name, _: setattr(connection, "wanted_name", name)
        return context

    def revocations(self, by, revoked):
        """The list of revoked certificates that an authority signs."""
        work = self.folder / f"crl-{by}"
        work.mkdir(exist_ok=True)
        config, index, out = work / "openssl.cnf", work / "index.txt", work / "out.pem"
        index.write_text("")
        config.write_text(f"[ca]\ndefault_ca = one\n[one]\ndatabase = {index}\ndefault_md = sha256\ndefault_crl_days = 30\n")
        ca = ["openssl", "ca", "-config", config, "-cert", self.path(by), "-keyfile", self.path(by, "key")]
        for name in revoked:
            subprocess.run([*ca, "-revoke", self.path(name)], check=True, capture_output=True)
        subprocess.run([*ca, "-gencrl", "-out", out], check=True, capture_output=True)
        return out.read_text()

    def secret(self, name, spec):
        """{tls: NAME, ca: NAME or names, crl: {by: NAME, revoked: [NAME]}, text: {key: text}, namespace: default}"""
        data = {}
        if "tls" in spec:
            data.update({"tls.crt": self.text(spec["tls"]), "tls.key": self.text(spec["tls"], "key")})
        if "ca" in spec:
            names = spec["ca"] if isinstance(spec["ca"], list) else [spec["ca"]]
            data["ca.crt"] = "".join(self.text(n) for n in names)
        if "crl" in spec:
            data["ca.crl"] = self.revocations(spec["crl"]["by"], spec["crl"]["revoked"])
        data.update(spec.get("text") or {})
        return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                "metadata": {"name": name, "namespace": spec.get("namespace", "default")}, "stringData": data}


def make_certificate(folder, hosts):
    key, cert = folder / "key.pem", folder / "cert.pem"
    names = ",".join(f"DNS:{h}" for h in hosts)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    key, "-out", cert, "-days", "30", "-subj", f"/CN={hosts[0]}", "-addext", f"subjectAltName={names}"],
                   check=True, capture_output=True)
    return cert.read_text(), key.read_text()


# ------------------------------------------------------------------------------------------------------------ runner
def is_ready(port):
    """What /readyz on the port says; False also while nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as probe:
            probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return b" 200 " in probe.makefile("rb").readline()
    except OSError:
        return False


class Scenario:
    def __init__(self, path, weir, keep):
        self.path, self.weir, self.keep = path, weir, keep
        self.data = yaml.safe_load(path.read_text())
        self.upstreams = {}
        self.process = None
        self.variables = {}

    def write(self, name, objects):
        """Files arrive by rename, as the contract of --manifests says."""
        temporary = self.folder / f".{name}.tmp"
        temporary.write_text(yaml.safe_dump_all(objects, sort_keys=False))
        temporary.rename(self.folder / name)

    def objects(self):
        self.pki = Pki(self.work / "pki", self.data.get("pki") or {})
        for name, spec in (self.data.get("services") or {"web": {}}).items():
            spec = spec or {}
            upstream = Upstream(name, spec.get("responses"), spec.get("refuse", False),
                                self.pki.server(spec["tls"]) if spec.get("tls") else None, spec.get("silent", False))
            self.upstreams[name] = upstream
            self.variables[f"{name}_port"] = upstream.port
            yield from service_objects(name, upstream.port, spec)
        yield {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"},
               "spec": {"controller": "k8s.io/ingress-nginx"}}
        if self.data.get("settings"):
            yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "weir", "namespace": "weir"},
                   "data": {k: str(v).lower() if isinstance(v, bool) else self.fill(str(v)) for k, v in self.data["settings"].items()}}
        for name, hosts in (self.data.get("certificates") or {}).items():
            cert, key = make_certificate(self.work, hosts)
            yield {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
                   "metadata": {"name": name, "namespace": "default"}, "stringData": {"tls.crt": cert, "tls.key": key}}
        for name, spec in (self.data.get("secrets") or {}).items():
            yield self.pki.secret(name, spec)
        yield from self.data.get("objects") or []
        for short in self.data.get("ingresses") or []:
            yield ingress_object({**short, "annotations": {k: self.fill(v) for k, v in (short.get("annotations") or {}).items()}})

    def start(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="weir-scenario-"))
        self.folder = self.work / "manifests"
        self.folder.mkdir()
        self.write("objects.yaml", list(self.objects()))
        self.http, self.https, self.health = free_port(), free_port(), free_port()
        self.variables.update(http=self.http, https=self.https)
        command = [self.weir, "serve", f"--manifests={self.folder}", f"--http-port={self.http}", f"--https-port={self.https}",
                   f"--healthz-port={self.health}", "--configmap=weir/weir", "--post-shutdown-grace-period=0",
                   *self.data.get("flags", [])]
        self.log = open(self.work / "log", "wb")
        self.out = open(self.work / "out", "wb")
        self.process = subprocess.Popen([str(c) for c in command], stdout=self.out, stderr=self.log,
                                        env={**os.environ, **self.authorities()})
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failed(f"weir ended with {self.process.returncode}: {self.log_text()}")
            if is_ready(self.health):
                return
            time.sleep(0.01)
        raise Failed(f"weir was not ready within {DEADLINE} s: {self.log_text()}")

    def authorities(self):
        """Whom the system of this scenario trusts: its `system_ca` alone."""
        empty = self.work / "no-certificates"
        empty.mkdir()
        name = self.data.get("system_ca")
        return {"SSL_CERT_FILE": str(self.pki.path(name) if name else empty / "none"), "SSL_CERT_DIR": str(empty)}

    def log_text(self):
        return (self.work / "log").read_text(errors="replace")[-2000:]

    def stop(self):
        errors = []
        if self.process:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            try:
                code = self.process.wait(timeout=DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                errors.append("weir did not end within the deadline after SIGTERM")
                code = 0
            if code != 0:
                errors.append(f"weir ended with {code}: {self.log_text()}")
            self.log.close()
            self.out.close()
        for upstream in self.upstreams.values():
            upstream.listener.close()
        if not self.keep:
            subprocess.run(["rm", "-rf", str(self.work)], check=False)
        return errors

    # ------------------------------------------------------------------------------------------------- one step
    def fill(self, value):
        if isinstance(value, str):
            for name, text in self.variables.items():
                value = value.replace("{" + name + "}", str(text))
        return value

    def request_bytes(self, step):
        if "raw" in step:
            return self.fill(step["raw"]).encode("latin-1")
        method, _, target = step["request"].partition(" ")
        match = re.fullmatch(r"(https?)://([^/]*)(.*)", self.fill(target))
        if not match:
            raise Failed(f"request {step['request']!r} is no METHOD URL")
        host, path = match.group(2), match.group(3) or "/"
        headers = {"Host": host, **(step.get("headers") or {})}
        body = step.get("body", "")
        body = ("x" * body if isinstance(body, int) else body).encode()
        if step.get("chunked"):
            headers["Transfer-Encoding"] = "chunked"
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
        elif body:
            headers.setdefault("Content-Length", len(body))
        lines = []
        for name, values in headers.items():
            for value in values if isinstance(values, list) else [values]:
                if value is not None:
                    lines.append(f"{name}: {self.fill(value)}\r\n")
        version = step.get("version", "1.1")
        return f"{method} {path} HTTP/{version}\r\n{''.join(lines)}\r\n".encode("latin-1") + body

    def exchange_http2(self, step):
        """The request by curl, with HTTP/2 as agreed on (https) or known before (http)."""
        method, _, target = step["request"].partition(" ")
        head, body = self.work / "answer.head", self.work / "answer.body"
        for file in (head, body):
            file.unlink(missing_ok=True)
        sent = step.get("body", "")
        sent = ("x" * sent if isinstance(sent, int) else sent).encode()
        tls = target.startswith("https:")
        command = ["curl", "-sS", "-k", "--path-as-is", "--max-time", str(DEADLINE), "-D", head, "-o", body, "--noproxy", "*",
                   "--http2" if tls else "--http2-prior-knowledge", "-A", "",
                   "--connect-to", f"::127.0.0.1:{self.https if tls else self.http}"]
        command += ["-I"] if method == "HEAD" else ["-X", method]
        if step.get("chunked"):  # of unknown length
            command += ["-T", "-"]
        elif sent:
            command += ["--data-binary", "@-"]
        for name, values in {"Accept": None, "Content-Type": None, "Expect": None, **(step.get("headers") or {})}.items():
            for value in values if isinstance(values, list) else [values]:
                command += ["-H", f"{name}:" if value is None else f"{name}: {self.fill(value)}"]
        done = subprocess.run([*command, self.fill(target)], input=sent, capture_output=True, check=False)
        if step.get("client_gets") == "cut":
            if done.returncode == 0:
                raise Failed("the client got a whole answer, but it should be cut")
            return None
        if done.returncode != 0:
            raise Failed(f"curl ended with {done.returncode}: {done.stderr.decode()}")
        return [self.answer_of_curl(head.read_text("latin-1"), body.read_bytes() if body.exists() else b"")]

    @staticmethod
    def answer_of_curl(text, body):
        """Of the file of heads: 1xx, the answer, and its trailers behind an empty line."""
        message, into = None, []
        for line in text.splitlines():
            name, colon, value = line.partition(":")
            if line.startswith("HTTP/"):
                message = Message(line, [], body)
                into = message.fields
            elif not line:
                into = message.trailers
            elif colon:
                into.append((name, value.strip()))
        return message

    def exchange(self, step):
        if step.get("http2"):
            return self.exchange_http2(step)
        tls = step.get("request", "").split(" ")[-1].startswith("https:") or step.get("tls")
        raw = socket.create_connection(("127.0.0.1", self.https if tls or step.get("plain_on_https") else self.http), timeout=DEADLINE)
        try:
            connection, name = raw, None
            if "first_bytes" in step:
                raw.sendall(step["first_bytes"].encode("latin-1"))
            if tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                if step.get("certificate"):
                    context.load_cert_chain(self.pki.path(step["certificate"]), self.pki.path(step["certificate"], "key"))
                if step.get("ciphers"):
                    context.set_ciphers(step["ciphers"])
                if step.get("session"):  # Python resumes within one context; tickets of TLS 1.3 come with the answer
                    context = self.session_context = context if step["session"] == "keep" else self.session_context
                name = step.get("sni") or re.sub(r"^https?://|[:/].*$", "", step.get("request", "").split(" ")[-1])
                session = self.session if step.get("session") == "resume" else None
                try:
                    connection = context.wrap_socket(raw, server_hostname=name, session=session)
                except OSError:  # SSLError too
                    if step.get("handshake") == "fails":
                        return None
                    raise
                if step.get("handshake") == "fails":
                    raise Failed("the TLS handshake should fail")
                if "session_reused" in step and connection.session_reused != step["session_reused"]:
                    raise Failed(f"the TLS session was {'' if connection.session_reused else 'not '}resumed")
                self.peer_certificate = connection.getpeercert(binary_form=True)
                if "shown" in step and self.peer_certificate != ssl.PEM_cert_to_DER_cert(self.pki.text(step["shown"])):
                    raise Failed(f"the certificate shown is not {step['shown']}")
            connection.sendall(self.request_bytes(step))
            if step.get("half_close"):
                connection.shutdown(socket.SHUT_WR)
            if step.get("hang_up_ms"):
                time.sleep(step["hang_up_ms"] / 1000)
                return None
            stream = connection.makefile("rb")
            if step.get("client_gets") == "nothing":
                if got := self.read_to_end(stream):
                    raise Failed(f"the client got {got[:80]!r}, but should get nothing")
                return None
            answers = [read_message(stream, to_head=step.get("request", "").startswith("HEAD "))
                       for _ in range(step.get("answers", 1))]
            if step.get("session") == "keep":
                self.session = connection.session
            if step.get("send_after"):
                connection.sendall(step["send_after"].encode())
                got = stream.read(len(step["send_after"]))
                if got != step["send_after"].encode():
                    raise Failed(f"after the switch the client got {got!r}")
            if step.get("then_closed"):
                if stream.read(1):
                    raise Failed("the connection was kept open, but should be closed")
            return answers
        finally:
            raw.close()

    @staticmethod
    def read_to_end(stream):
        try:
            return stream.read()
        except ConnectionResetError:
            return b""

    def check_value(self, what, want, got):
        want = self.fill(want)
        if want is None:
            if got:
                raise Failed(f"{what}: want none, got {got!r}")
            return
        if isinstance(want, list):
            if [str(w) for w in want] != got:
                raise Failed(f"{what}: want {want!r}, got {got!r}")
            return
        text = got[0] if len(got) == 1 else (None if not got else " | ".join(got))
        if isinstance(want, str) and want.startswith("~"):
            if text is None or not re.search(want[1:], text):
                raise Failed(f"{what}: want a match of {want[1:]!r}, got {text!r}")
        elif text != str(want):
            raise Failed(f"{what}: want {str(want)!r}, got {text!r}")

    def check_message(self, who, want, message, start_key):
        if message is None:
            raise Failed(f"{who}: nothing came")
        for key, value in want.items():
            if key == "headers":
                for name, wanted in value.items():
                    self.check_value(f"{who}: {name}", wanted, message.values(name))
            elif key == "trailers":
                for name, wanted in value.items():
                    self.check_value(f"{who}: trailer {name}", wanted, [v for n, v in message.trailers if n == name])
            elif key == "version":
                self.check_value(f"{who}: version", value, [message.start.split(" ")[0]])
            elif key == "tls":
                for name, wanted in value.items():
                    got = (message.tls or {}).get(name)
                    self.check_value(f"{who}: TLS {name}", wanted, [] if got is None else [str(got)])
            elif key == "body":
                self.check_value(f"{who}: body", value, [message.body.decode("latin-1")])
            elif key == "unzipped":  # the body behind Content-Encoding: gzip
                self.check_value(f"{who}: unzipped body", value, [zlib.decompress(message.body, 31).decode("latin-1")])
            elif key == "body_size":
                self.check_value(f"{who}: body_size", value, [str(len(message.body))])
            elif key == start_key:
                part = message.start if key == "line" else message.start.split(" ")[1]
                self.check_value(f"{who}: {key}", value, [part])
            else:
                raise Failed(f"{who}: unknown check {key!r}")

    def step(self, step):
        if "apply" in step:
            self.write(step.get("file", "applied.yaml"), [ingress_object(o) if "kind" not in o else o for o in step["apply"]])
        if "remove" in step:
            (self.folder / step["remove"]).unlink()
        if "request" in step or "raw" in step:
            deadline = time.monotonic() + (DEADLINE if step.get("eventually") else 0)
            while True:
                try:
                    self.one_request(step)
                    break
                except (Failed, OSError) as error:
                    if time.monotonic() >= deadline:
                        raise Failed(str(error)) from error
                    time.sleep(0.02)
        if "access_log" in step:
            self.wait_text("out", step["access_log"])
        if "log" in step:
            self.wait_text("log", step["log"])
        if "metrics" in step:
            self.wait_metrics(step["metrics"])

    def one_request(self, step):
        for upstream in self.upstreams.values():
            with upstream.lock:
                upstream.seen.clear()
        if "digest" in step:
            step = self.answer_to_digest(step)
        answers = self.exchange(step)
        if "client_gets" in step and answers is not None:
            wants = step["client_gets"] if isinstance(step["client_gets"], list) else [step["client_gets"]]
            for want, answer in zip(wants, answers):
                self.check_message("client gets", want, answer, "status")
        if "upstream_soon_sees" in step:
            self.wait_for_upstreams(step["upstream_soon_sees"])
        seen = [(u.name, m) for u in self.upstreams.values() for m in u.seen]
        if step.get("upstream_sees") == "nothing":
            if seen:
                raise Failed(f"an upstream saw {seen[0][1].start!r}, but none should")
        elif "upstream_sees" in step:
            self.check_upstreams(step["upstream_sees"], seen)

    def answer_to_digest(self, step):
        """The step with the answer to the challenge that the same request without one gets; RFC 7616 3.4."""
        challenge = self.exchange(step)[0].values("WWW-Authenticate")[0]
        told = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        name, _, password = step["digest"].partition(":")
        method, _, url = step["request"].partition(" ")
        target = re.sub(r"^https?://[^/]*", "", self.fill(url)) or "/"
        md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
        answer = md5(":".join([md5(f"{name}:{told['realm']}:{password}"), told["nonce"], "00000001", "c", "auth", md5(f"{method}:{target}")]))
        value = (f'Digest username="{name}", realm="{told["realm"]}", nonce="{told["nonce"]}", uri="{target}", algorithm=MD5, '
                 f'qop=auth, nc=00000001, cnonce="c", response="{answer}"')
        for upstream in self.upstreams.values():
            with upstream.lock:
                upstream.seen.clear()
        return {**step, "headers": {**(step.get("headers") or {}), "Authorization": value}}

    def check_upstreams(self, wants, seen):
        for want in map(dict, wants if isinstance(wants, list) else [wants]):
            name = want.pop("service", None)
            count = want.pop("times", None)
            messages = [m for n, m in seen if name in (None, n)]
            if count is not None and len(messages) != count:
                raise Failed(f"upstream sees: want {count} requests, got {len(messages)}")
            if count != 0:
                self.check_message("upstream sees", want, messages[-1] if messages else None, "line")

    def wait_for_upstreams(self, wants):
        """For what comes beside the answer, as the copy of a mirror does."""
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                return self.check_upstreams(wants, [(u.name, m) for u in self.upstreams.values() for m in u.seen])
            except Failed:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(0.01)

    def wait_text(self, which, pattern):
        pattern = self.fill(pattern)
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            text = (self.work / which).read_text(errors="replace")
            if re.search(pattern, text, re.M):
                return
            time.sleep(0.05)
        raise Failed(f"no line of the {'access ' if which == 'out' else ''}log matches {pattern!r}: {text[-600:]}")

    def wait_metrics(self, lines):
        deadline = time.monotonic() + DEADLINE
        while True:
            with socket.create_connection(("127.0.0.1", self.health), timeout=DEADLINE) as probe:
                probe.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                text = read_message(probe.makefile("rb")).body.decode()
            # "!": must not be there
            missing = [line for line in lines if (re.search(self.fill(line.lstrip("!")), text, re.M) is None) != line.startswith("!")]
            if not missing:
                return
            if time.monotonic() >= deadline:
                raise Failed(f"/metrics lacks, or with ! holds, {missing[0]!r}")
            time.sleep(0.05)

    def run(self):
        errors = []
        try:
            self.start()
            for number, step in enumerate(self.data["steps"], 1):
                try:
                    self.step(step)
                except Failed as error:
                    label = step.get("request") or step.get("raw", "")[:60] or "step"
                    errors.append(f"step {number} ({label}): {error}")
                    break
        except Failed as error:
            errors.append(str(error))
        except Exception:  # a broken scenario file must not end the run
            errors.append(traceback.format_exc())
        finally:
            errors += self.stop()
        return errors


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="leave the folder of each scenario in place")
    parser.add_argument("paths", nargs="*", default=[str(HERE)])
    arguments = parser.parse_args()
    files = []
    for path in map(pathlib.Path, arguments.paths):
        files += sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    if not files:
        sys.exit("no scenario files")
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        runs = {path: pool.submit(lambda p: Scenario(p, arguments.weir, arguments.keep).run(), path) for path in files}
        for path, future in runs.items():
            errors = future.result()
            sentence = path.read_text().splitlines()[0].lstrip("# ")
            print(f"{'FAIL' if errors else 'ok  '} {path.relative_to(HERE) if path.is_relative_to(HERE) else path}: {sentence}")
            for error in errors:
                print("     " + error.replace("\n", "\n     "))
            failed += bool(errors)
    print(f"{len(files) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
