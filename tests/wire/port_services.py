#!/usr/bin/env python3
"""TCP and UDP services against a real `weir serve`: ports of their own that lead to Services, by the two ConfigMaps.
usage: port_services.py --weir BINARY [NAME ...]

Every case is a function whose first line of documentation is the behaviour.
"""
import argparse
import json
import pathlib
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
from ports import free_port  # noqa: E402

PATIENCE = 20  # seconds; nothing takes that long
WEIR = None


class Failed(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failed(what)


def equal(got, wanted, what):
    check(got == wanted, f"{what}: {got!r}, not {wanted!r}")


def eventually(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        check(time.monotonic() < deadline, f"never: {what}")
        time.sleep(0.02)
    return value


# ---------------------------------------------------------------------------------------------------------- endpoints
class TcpEcho:
    """Says its name, then what it gets, until the client's end; keeps what came first."""

    def __init__(self, name):
        self.name, self.first, self.connections = name, [], 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.echo, args=(connection,), daemon=True).start()

    def echo(self, connection):
        with connection:
            try:
                connection.sendall(self.name.encode() + b"\n")
                first = True
                while data := connection.recv(65536):
                    if first:
                        self.first.append(data)
                    first = False
                    connection.sendall(data)
            except OSError:
                pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class UdpEcho:
    """Answers each datagram `answers` times with its name in front."""

    def __init__(self, name, answers=1):
        self.name, self.answers, self.got = name, answers, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                data, peer = self.socket.recvfrom(65536)
                self.got.append((data, peer))
                for i in range(self.answers):
                    self.socket.sendto(b"%s %d %s" % (self.name.encode(), i, data), peer)
            except OSError:
                return

    def close(self):
        self.socket.close()


# ---------------------------------------------------------------------------------------------------------- objects
def service(name, endpoints, ns="default", protocol="TCP"):
    """endpoints: ports on 127.0.0.1; each is a slice of its own."""
    objects = [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": ns},
                "spec": {"clusterIP": "10.9.9.9", "ports": [{"name": "main", "port": 5432, "protocol": protocol}]}}]
    for i, port in enumerate(endpoints):
        objects.append({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                        "metadata": {"name": f"{name}-{i}", "namespace": ns, "labels": {"kubernetes.io/service-name": name}},
                        "ports": [{"name": "main", "port": port, "protocol": protocol}],
                        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}]})
    return objects


def external_service(name, external, target, protocol="TCP"):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"type": "ExternalName", "externalName": external,
                     "ports": [{"name": "main", "port": 5432, "targetPort": target, "protocol": protocol}]}}


def config_map(name, data):
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "weir"}, "data": data}]


class Weir:
    def __init__(self, folder, tcp=None, udp=None, services=(), settings=None, flags=True, descriptors=None, arguments=()):
        self.folder, self.objects = folder, folder / "manifests"
        self.objects.mkdir()
        self.log_path = folder / "access.log"
        self.http, self.health = free_port(), free_port()
        self.write("services", list(services))
        self.tcp(tcp or {})
        self.udp(udp or {})
        self.settings(settings or {})
        self.errors = open(folder / "stderr", "w+b")
        self.socket = folder / "debug.sock"
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))) if descriptors else None
        command = [WEIR, "serve", f"--manifests={self.objects}", f"--http-port={self.http}", f"--https-port={free_port()}",
                   f"--healthz-port={self.health}", "--configmap=weir/weir", "--post-shutdown-grace-period=0", "--enable-metrics", f"--debug-socket={self.socket}"]
        if flags:
            command += ["--tcp-services-configmap=weir/tcp", "--udp-services-configmap=weir/udp"]
        self.process = subprocess.Popen(command + list(arguments), stdout=subprocess.DEVNULL, stderr=self.errors, preexec_fn=limit)
        RUNNING.append(self.process)
        eventually(self.ready, "ready")

    def write(self, name, objects):
        (self.objects / f".{name}").write_text(yaml.safe_dump_all(objects))
        (self.objects / f".{name}").rename(self.objects / f"{name}.yaml")

    def services(self, objects):
        self.write("services", objects)

    def tcp(self, data):
        self.write("tcp", config_map("tcp", data))

    def udp(self, data):
        self.write("udp", config_map("udp", data))

    def settings(self, data):
        self.write("weir", config_map("weir", {"worker-processes": "2", "worker-shutdown-timeout": "1s", "access-log-path": str(self.log_path)} | data))

    def ready(self):
        check(self.process.poll() is None, "Weir ended: " + self.diagnostics())
        return "200" in self.get("/readyz").split("\n")[0]

    def get(self, path):
        try:
            with socket.create_connection(("127.0.0.1", self.health), timeout=5) as connection:
                connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                return connection.makefile("rb").read().decode()
        except OSError:
            return ""

    def metric(self, name):
        return sum(int(x) for x in re.findall(rf"^{re.escape(name)}{{[^\n]* (\d+)$", self.get("/metrics"), re.M))

    def sessions(self, protocol):
        """Open now."""
        return int(re.search(rf'^weir_stream_sessions{{[^\n]*protocol="{protocol}"[^\n]*}} (\d+)$', self.get("/metrics"), re.M).group(1))

    def lines(self):
        return self.log_path.read_text().splitlines() if self.log_path.exists() else []

    def line(self, pattern):
        """The first line of the access log that the pattern fits."""
        return eventually(lambda: next((x for x in self.lines() if re.search(pattern, x)), None), f"{pattern} in {self.lines()}")

    def diagnostics(self):
        self.errors.flush()
        return (self.folder / "stderr").read_text(errors="replace")

    def says(self, text):
        eventually(lambda: text in self.diagnostics(), f"{text!r} in {self.diagnostics()}")

    def config(self):
        return subprocess.run([WEIR, "config", f"--socket={self.socket}"], capture_output=True, text=True, timeout=PATIENCE).stdout

    def inspect(self, path):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(self.socket))
            connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            return json.loads(connection.makefile("rb").read().split(b"\r\n\r\n", 1)[1])

    def connect(self, port):
        """An open connection behind its endpoint's name, and that name."""

        def attempt():
            try:
                return Client(port)
            except OSError:
                return None

        client = eventually(attempt, f"port {port} opens; {self.diagnostics()[-2000:]}")
        return client, client.line()

    def refuses(self, port):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return False
        except ConnectionRefusedError:
            return True

    def stop(self, how=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(PATIENCE)
        self.errors.close()
        return status


class Client:
    def __init__(self, port, address="127.0.0.1"):
        self.socket = socket.create_connection((address, port), timeout=PATIENCE)
        self.file = self.socket.makefile("rb")
        self.own = self.socket.getsockname()[1]

    def line(self):
        return self.file.readline().decode().rstrip("\n")

    def say(self, text):
        self.socket.sendall(text.encode() + b"\n")
        return self.line()

    def rest(self):
        try:
            return self.file.read()
        except ConnectionResetError:
            return b""

    def close(self):
        self.file.close()
        self.socket.close()


class UdpClient:
    def __init__(self, port, address="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((address, port))  # an answer from another address is not seen

    def ask(self, text, tries=1):
        """The answer, or None. Datagrams may be asked again: nobody promises that the port was open the first time."""
        for _ in range(tries):
            self.socket.settimeout(0.5 if tries > 1 else PATIENCE)
            try:
                self.socket.send(text.encode())
                return self.socket.recv(65536).decode()
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.02)
        return None


# ---------------------------------------------------------------------------------------------------------- cases
def case_tcp_goes_both_ways(folder):
    """A TCP port leads to the Service's endpoints, by number or by name, of any namespace, each byte in both directions."""
    echo, other = TcpEcho("a"), TcpEcho("b")
    one, two = free_port(), free_port()
    weir = Weir(folder, tcp={str(one): "default/db:5432", str(two): "far/db:main"},
                services=service("db", [echo.port]) + service("db", [other.port], ns="far"))
    client, name = weir.connect(one)
    equal(name, "a", "endpoint")
    equal(weir.connect(two)[1], "b", "endpoint of the other namespace")
    payload = bytes(range(256)) * 4000
    sender = threading.Thread(target=lambda: (client.socket.sendall(payload), client.socket.shutdown(socket.SHUT_WR)))
    sender.start()
    check(client.rest() == payload, "a megabyte came back changed")
    sender.join()
    weir.line(rf"^\[127\.0\.0\.1\] \[[^]]+\] TCP 200 {len(payload) + 2} {len(payload)} \d+\.\d{{3}}$")
    return weir


def case_ipv6_clients(folder):
    """The ports of TCP and UDP services listen on IPv6 as well."""
    echo, names = TcpEcho("a"), UdpEcho("u")
    tcp, udp = free_port(), free_port()
    weir = Weir(folder, tcp={str(tcp): "default/db:5432"}, udp={str(udp): "default/dns:5432"},
                services=service("db", [echo.port]) + service("dns", [names.port], protocol="UDP"))
    weir.connect(tcp)
    if not socket.has_ipv6:
        return weir
    equal(Client(tcp, "::1").line(), "a", "endpoint")
    equal(UdpClient(udp, "::1").ask("x", 20), "u 0 x", "answer")
    return weir


def case_round_robin(folder):
    """Connections go to the endpoints in turn."""
    echoes = [TcpEcho(name) for name in "abc"]
    port = free_port()
    weir = Weir(folder, tcp={str(port): "default/db:5432"}, services=service("db", [e.port for e in echoes]),
                settings={"worker-processes": "1"})
    names = [weir.connect(port)[1] for _ in range(9)]
    equal({name: names.count(name) for name in "abc"}, {"a": 3, "b": 3, "c": 3}, "connections")
    return weir


def case_dead_endpoints(folder):
    """A dead endpoint is passed over for the next one; with none left the connection is closed and logged as 502."""
    echo = TcpEcho("a")
    dead = [free_port(), free_port()]
    port = free_port()
    weir = Weir(folder, tcp={str(port): "default/db:5432"}, services=service("db", [*dead, echo.port]),
                settings={"worker-processes": "1", "log-format-stream": "$status $upstream_addr"})
    for _ in range(6):
        equal(weir.connect(port)[1], "a", "endpoint")
    weir.services(service("db", dead))
    eventually(lambda: weir.connect(port)[1] == "", "nobody answers")
    line = weir.line(r"^502 ")
    equal(len(line.split(", ")), 3, f"tries in {line!r}")
    weir.settings({"worker-processes": "1", "log-format-stream": "off $status $upstream_addr", "proxy-stream-next-upstream": "false"})
    eventually(lambda: weir.connect(port) and any(re.search(r"^off 502 [^,]+$", x) for x in weir.lines()), "one try only")
    weir.settings({"worker-processes": "1", "log-format-stream": "two $status $upstream_addr", "proxy-stream-next-upstream-tries": "2"})
    eventually(lambda: weir.connect(port) and any(re.search(r"^two 502 [^,]+, [^,]+$", x) for x in weir.lines()), "two tries")
    return weir


def case_no_endpoints(folder):
    """A Service without endpoints has its port closed, with a message; the port opens when they come."""
    echo = TcpEcho("a")
    port = free_port()
    weir = Weir(folder, tcp={str(port): "default/db:5432"}, services=service("db", []))
    weir.says("Service default/db has no ready endpoint for its TCP port 5432")
    check(weir.refuses(port), "the port is open")
    weir.services(service("db", [echo.port]))
    equal(weir.connect(port)[1], "a", "endpoint")
    weir.services(service("db", []))
    eventually(lambda: weir.refuses(port), "the port closes")
    return weir


def case_ports_come_and_go(folder):
    """Ports come and go with the ConfigMap alone; a session goes on, also when its own port is taken away."""
    echo = TcpEcho("a")
    stays, goes = free_port(), free_port()
    weir = Weir(folder, tcp={str(stays): "default/db:5432"}, services=service("db", [echo.port]))
    session, _ = weir.connect(stays)
    for i in range(5):
        weir.tcp({str(stays): "default/db:5432", str(goes): "default/db:5432"})
        other, _ = weir.connect(goes)
        equal(session.say(f"first {i}"), f"first {i}", "echo")
        weir.tcp({str(stays): "default/db:5432"})
        eventually(lambda: weir.refuses(goes), "the port closes")
        equal(other.say(f"second {i}"), f"second {i}", "echo on a port that went")
        equal(session.say(f"third {i}"), f"third {i}", "echo")
    weir.tcp({})
    eventually(lambda: weir.refuses(stays), "the port closes")
    equal(session.say("last"), "last", "echo without any port")
    return weir


def case_endpoints_change_live(folder):
    """New connections go to new endpoints; the listener stays, and so do the sessions."""
    old, new = TcpEcho("old"), TcpEcho("new")
    port = free_port()
    weir = Weir(folder, tcp={str(port): "default/db:5432"}, services=service("db", [old.port]))
    session, name = weir.connect(port)
    equal(name, "old", "endpoint")
    weir.services(service("db", [new.port]))
    eventually(lambda: Client(port).line() == "new", "the new endpoint")  # never refused meanwhile
    equal(session.say("x"), "x", "echo of the old one")
    return weir


def case_external_names(folder):
    """A port of TCP or UDP leads to an ExternalName Service, by name or by address; what is asked while the name is looked up is answered."""
    echo, names = TcpEcho("a"), UdpEcho("u")
    tcp, udp, tcp_address, udp_address, nowhere = (free_port() for _ in range(5))
    weir = Weir(folder, tcp={str(tcp): "default/db:5432", str(tcp_address): "default/db-address:main", str(nowhere): "default/nowhere:5432"},
                udp={str(udp): "default/dns:5432", str(udp_address): "default/dns-address:main", str(nowhere): "default/no-names:5432"},
                settings={"log-format-stream": "$proxy_upstream_name $status $upstream_addr", "worker-processes": "1"},
                arguments=["--allow-loopback-external-name"],
                services=[external_service("db", "localhost", echo.port), external_service("db-address", "127.0.0.1", echo.port),
                          external_service("nowhere", "nowhere.invalid", echo.port), external_service("dns", "localhost", names.port, "UDP"),
                          external_service("dns-address", "127.0.0.1", names.port, "UDP"),
                          external_service("no-names", "nowhere.invalid", names.port, "UDP")])
    for port in tcp, tcp_address:
        client, name = weir.connect(port)
        equal((name, client.say("x")), ("a", "x"), "endpoint and echo")
        client.close()
    weir.line(rf"^tcp-default-db-5432 200 127\.0\.0\.1:{echo.port}$")
    for port in udp, udp_address:
        equal(UdpClient(port).ask("first"), "u 0 first", "answer")
        equal(UdpClient(port).ask("second"), "u 0 second", "answer")
    weir.line(rf"^udp-default-dns-5432 200 127\.0\.0\.1:{names.port}$")
    equal(Client(nowhere).rest(), b"", "what a name without an address says")
    weir.line(r"^tcp-default-nowhere-5432 502 ")
    UdpClient(nowhere).socket.send(b"x")
    weir.line(r"^udp-default-no-names-5432 502 ")
    return weir


def case_external_names_that_are_local(folder):
    """An ExternalName that is this machine opens no port unless --allow-loopback-external-name is given."""
    tcp, udp = free_port(), free_port()
    weir = Weir(folder, tcp={str(tcp): "default/db:5432"}, udp={str(udp): "default/dns:5432"},
                services=[external_service("db", "localhost", 1), external_service("dns", "127.0.0.1", 1, "UDP")])
    weir.says("Service default/db has no ready endpoint for its TCP port 5432")
    weir.says("Service default/dns has no ready endpoint for its UDP port 5432")
    check(weir.refuses(tcp), "the TCP port is open")
    equal(UdpClient(udp).ask("x", 2), None, "answer")
    return weir


def proxy_v2(source, source_port, destination, destination_port):
    body = socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack(">HH", source_port, destination_port)
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x11]) + struct.pack(">H", len(body)) + body


def case_proxy_in(folder):
    """With PROXY in field 3 connections begin with a PROXY header of version 1 or 2; anything else is closed and logged as 400."""
    echo = TcpEcho("a")
    port, both, out = free_port(), free_port(), free_port()
    log = {"log-format-stream": "$status $remote_addr $remote_port $realip_remote_addr $proxy_protocol_addr $server_port", "worker-processes": "1",
           "proxy-protocol-header-timeout": "1"}
    weir = Weir(folder, tcp={str(port): "default/db:5432:PROXY", str(both): "default/db:5432:proxy:Proxy", str(out): "default/db:5432::PROXY"},
                services=service("db", [echo.port]), settings=log)
    eventually(lambda: not weir.refuses(port) and not weir.refuses(both) and not weir.refuses(out), "the ports open")

    def talk(at, first):
        client = Client(at)
        client.socket.sendall(first)
        name = client.line()
        if not name:
            return name
        client.socket.sendall(b"hello\n")
        line = client.line()
        client.close()
        return line

    equal(talk(port, b"PROXY TCP4 203.0.113.7 192.0.2.1 4444 5432\r\n"), "hello", "echo behind version 1")
    weir.line(rf"^200 203\.0\.113\.7 4444 127\.0\.0\.1 203\.0\.113\.7 {port}$")
    equal(talk(port, proxy_v2("203.0.113.8", 4445, "192.0.2.1", 5432)), "hello", "echo behind version 2")
    weir.line(rf"^200 203\.0\.113\.8 4445 127\.0\.0\.1 203\.0\.113\.8 {port}$")
    connections = echo.connections
    equal(talk(port, b"GET / HTTP/1.1\r\n\r\n"), "", "answer to garbage")
    weir.line(rf"^400 127\.0\.0\.1 \d+ 127\.0\.0\.1 - {port}$")
    silent = Client(port)
    equal(silent.rest(), b"", "answer to silence")
    equal(echo.connections, connections, "connections of the endpoint")
    # What was received is what is sent on.
    echo.first.clear()
    equal(talk(both, b"PROXY TCP4 203.0.113.9 192.0.2.1 4446 5432\r\n"), "PROXY TCP4 203.0.113.9 192.0.2.1 4446 5432\r", "first line of the endpoint")
    client = Client(out)
    client.line()
    equal(client.line(), f"PROXY TCP4 127.0.0.1 127.0.0.1 {client.own} {out}\r", "first line of the endpoint")
    return weir


def case_proxy_needs_trust(folder):
    """A PROXY header of a peer outside proxy-real-ip-cidr is read, and not believed."""
    echo = TcpEcho("a")
    port = free_port()
    weir = Weir(folder, tcp={str(port): "default/db:5432:PROXY:PROXY"}, services=service("db", [echo.port]),
                settings={"proxy-real-ip-cidr": "192.0.2.0/24", "log-format-stream": "$status $remote_addr $proxy_protocol_addr"})
    eventually(lambda: not weir.refuses(port), "the port opens")
    client = Client(port)
    client.socket.sendall(b"PROXY TCP4 203.0.113.9 192.0.2.1 4446 5432\r\n")
    client.line()
    equal(client.line(), f"PROXY TCP4 127.0.0.1 127.0.0.1 {client.own} {port}\r", "first line of the endpoint")
    client.close()
    weir.line(r"^200 127\.0\.0\.1 203\.0\.113\.9$")
    return weir


def case_taken_port(folder):
    """A port that somebody else has, who would share it, is an error that names it; it opens by itself when it is free, and nothing else suffers."""
    echo = TcpEcho("a")
    tcp, udp, good = free_port(), free_port(), free_port()
    thief = socket.create_server(("127.0.0.1", tcp), reuse_port=True)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    datagrams.bind(("127.0.0.1", udp))
    names = UdpEcho("u")
    weir = Weir(folder, tcp={str(tcp): "default/db:5432", str(good): "default/db:5432"}, udp={str(udp): "default/dns:5432"},
                services=service("db", [echo.port]) + service("dns", [names.port], protocol="UDP"))
    weir.says(f"listen on 0.0.0.0:{tcp}: bind: Address already in use")
    weir.says(f"receive on 0.0.0.0:{udp}: bind: Address already in use")
    equal(weir.connect(good)[1], "a", "endpoint")
    thief.close()
    datagrams.close()
    equal(weir.connect(tcp)[1], "a", "endpoint")
    equal(UdpClient(udp).ask("x", 30), "u 0 x", "answer")
    return weir


def case_garbage(folder):
    """Each entry that cannot be used is left out with a message; the others are served."""
    echo = TcpEcho("a")
    good = free_port()
    ports = iter(range(20001, 20020))
    data = {"http": "default/db:5432", "70000": "default/db:5432", "0": "default/db:5432", "10247": "default/db:5432",
            str(next(ports)): "", str(next(ports)): "default/db", str(next(ports)): "db:5432", str(next(ports)): "/db:5432",
            str(next(ports)): "a/b/c:1", str(next(ports)): "default/none:5432", str(next(ports)): "default/db:99",
            str(next(ports)): "default/db:5432:NO:YES", str(good): "default/db:5432:::"}
    weir = Weir(folder, tcp=data, udp={str(good): "default/db:5432"}, services=service("db", [echo.port]))
    equal(weir.connect(good)[1], "a", "endpoint")
    for key, text in {"http": "the key is no port number", "70000": "the key is no port number", "0": "the key is no port number",
                      "10247": "the port is reserved", "20001": "is no namespace/service:port", "20002": "is no namespace/service:port",
                      "20003": "is no namespace/service:port", "20004": "is no namespace/service:port",
                      "20005": "is no namespace/service:port", "20006": "Service default/none does not exist",
                      "20007": "has no ready endpoint for its TCP port 99", "20008": 'ignored: "NO", "YES"'}.items():
        check(any(key in x and text in x for x in weir.diagnostics().splitlines()), f"{key}: {text} in {weir.diagnostics()}")
    weir.says("has no ready endpoint for its UDP port 5432")
    equal(weir.connect(20008)[1], "a", "endpoint of the entry with unknown fields")
    return weir


def case_only_with_the_flags(folder):
    """Without the flags the ConfigMaps open nothing."""
    echo = TcpEcho("a")
    port = free_port()
    weir = Weir(folder, tcp={str(port): "default/db:5432"}, services=service("db", [echo.port]), flags=False)
    check(weir.refuses(port), "the port is open")
    equal(weir.metric("weir_stream_sessions_total"), 0, "sessions")
    return weir


def case_idle_sessions_end(folder):
    """A session in which nothing moves for proxy-stream-timeout ends: TCP with 200, UDP without an answer with 502."""
    echo = TcpEcho("a")
    silent = UdpEcho("u", answers=0)
    tcp, udp = free_port(), free_port()
    weir = Weir(folder, tcp={str(tcp): "default/db:5432"}, udp={str(udp): "default/dns:5432"}, settings={"proxy-stream-timeout": "1s"},
                services=service("db", [echo.port]) + service("dns", [silent.port], protocol="UDP"))
    client, _ = weir.connect(tcp)
    equal(client.rest(), b"", "what came")
    weir.line(r" TCP 200 2 0 ")
    UdpClient(udp).ask("x", 2)
    weir.line(r" UDP 502 0 \d+ ")
    eventually(lambda: weir.sessions("UDP") == 0, "no session")
    return weir


def case_drain(folder):
    """On SIGTERM ports close at once and sessions go on to their end."""
    echo = TcpEcho("a")
    port = free_port()
    weir = Weir(folder, tcp={str(port): "default/db:5432"}, services=service("db", [echo.port]), settings={"worker-shutdown-timeout": "60s"})
    client, _ = weir.connect(port)
    weir.process.send_signal(signal.SIGTERM)
    eventually(lambda: weir.refuses(port), "the port closes")
    equal(client.say("still here"), "still here", "echo")
    client.close()
    equal(weir.process.wait(PATIENCE), 0, "exit status")
    weir.line(r" TCP 200 13 11 ")
    return weir


def case_logs(folder):
    """The log of sessions has a path and a switch of its own; both logs in one file keep their lines whole."""
    echo = TcpEcho("a")
    port = free_port()
    own = folder / "streams.log"
    weir = Weir(folder, tcp={str(port): "default/db:5432"}, services=service("db", [echo.port]), settings={"stream-access-log-path": str(own)})
    weir.connect(port)[0].close()
    eventually(lambda: own.exists() and " TCP 200 " in own.read_text(), "a line in its own file")
    check(not any(" TCP " in x for x in weir.lines()), "a line in the common file")
    weir.settings({"disable-stream-access-log": "true", "log-format-stream": "silenced"})
    eventually(lambda: "disable-stream-access-log" in weir.config(), "the setting is in force")
    weir.connect(port)[0].close()
    weir.settings({"log-format-stream": "$proxy_upstream_name $namespace $service_name $service_port $protocol $upstream_addr $bytes_received"})
    eventually(lambda: "$proxy_upstream_name" in weir.config(), "the setting is in force")
    weir.connect(port)[0].close()
    weir.line(rf"^tcp-default-db-5432 default db 5432 TCP 127\.0\.0\.1:{echo.port} 0$")
    check(not any("silenced" in x for x in weir.lines()), "a line although the log is off")
    weir.settings({"log-format-stream": "$request"})
    weir.says("log-format-stream")
    return weir


def case_what_is_in_force(folder):
    """`weir config` and the inspection API name the ports, their Services and endpoints."""
    echo, names = TcpEcho("a"), UdpEcho("u")
    port, udp = free_port(), free_port()
    weir = Weir(folder, tcp={str(port): "default/db:5432:PROXY"}, udp={str(udp): "default/dns:5432"},
                services=service("db", [echo.port]) + service("dns", [names.port], protocol="UDP"))
    found = weir.inspect("/api/v1/streams")
    equal([(x["protocol"], x["listen"], x["namespace"], x["service"], x["port"], x["endpoints"], x.get("proxyIn"), x.get("proxyOut")) for x in found],
          [("TCP", port, "default", "db", "5432", [{"address": "127.0.0.1", "port": str(echo.port)}], True, False),
           ("UDP", udp, "default", "dns", "5432", [{"address": "127.0.0.1", "port": str(names.port)}], None, None)], "what is listed")
    text = weir.config()
    check(f"TCP port: {port}\n  service: default/db:5432\n  PROXY protocol from clients: true\n  endpoint: 127.0.0.1:{echo.port}\n" in text, text)
    return weir


def case_udp(folder):
    """A UDP port passes datagrams on and answers back from the address that was asked; a session ends with its answer."""
    names = UdpEcho("u")
    port = free_port()
    weir = Weir(folder, udp={str(port): "default/dns:5432"}, services=service("dns", [names.port], protocol="UDP"))
    client = UdpClient(port)
    equal(client.ask("first", 30), "u 0 first", "answer")
    for i in range(50):
        equal(client.ask(f"ask {i}"), f"u 0 ask {i}", "answer")
    equal(UdpClient(port, "127.0.0.5").ask("x"), "u 0 x", "answer from another of our addresses")
    big = "y" * 60000
    equal(client.ask(big), "u 0 " + big, "a large answer")
    equal(client.ask(""), "u 0 ", "answer to an empty datagram")
    weir.line(r"^\[127\.0\.0\.1\] \[[^]]+\] UDP 200 9 5 \d+\.\d{3}$")
    eventually(lambda: weir.sessions("UDP") == 0, "no session")
    return weir


def case_udp_responses(folder):
    """proxy-stream-responses says how many answers a datagram has; meanwhile the session keeps its socket."""
    names = UdpEcho("u", answers=2)
    port = free_port()
    weir = Weir(folder, udp={str(port): "default/dns:5432"}, services=service("dns", [names.port], protocol="UDP"),
                settings={"proxy-stream-responses": "2", "worker-processes": "1"})
    client = UdpClient(port)
    equal(client.ask("x", 30), "u 0 x", "first answer")
    client.socket.settimeout(PATIENCE)
    equal(client.socket.recv(100).decode(), "u 1 x", "second answer")
    eventually(lambda: weir.sessions("UDP") == 0, "no session")
    weir.settings({"proxy-stream-responses": "3", "worker-processes": "1"})
    eventually(lambda: "proxy-stream-responses: 3" in weir.config(), "the setting is in force")
    names.got.clear()
    client.ask("y")
    client.ask("z")
    eventually(lambda: len(names.got) == 2, "both datagrams")
    equal(len({peer for _, peer in names.got}), 1, "sockets of one session")
    equal(weir.sessions("UDP"), 1, "sessions")
    weir.settings({"proxy-stream-responses": "0", "worker-processes": "1"})
    eventually(lambda: "proxy-stream-responses: 0" in weir.config(), "the setting is in force")
    UdpClient(port).socket.send(b"nobody waits")
    eventually(lambda: any(data == b"nobody waits" for data, _ in names.got), "the datagram")
    weir.line(r" UDP 200 0 12 ")
    return weir


def case_udp_dead_endpoint(folder):
    """An endpoint that turns a datagram down by ICMP is left for the next one, which gets it; with none left it is a 502."""
    names = UdpEcho("u")
    dead = free_port(socket.SOCK_DGRAM)
    port = free_port()
    weir = Weir(folder, udp={str(port): "default/dns:5432"}, services=service("dns", [dead, names.port], protocol="UDP"),
                settings={"worker-processes": "1", "log-format-stream": "$protocol $status $upstream_addr"})
    equal(UdpClient(port).ask("first", 30), "u 0 first", "answer")
    for i in range(6):
        equal(UdpClient(port).ask(f"x{i}"), f"u 0 x{i}", "answer")
    weir.line(rf"^UDP 200 127\.0\.0\.1:{dead}, 127\.0\.0\.1:{names.port}$")
    weir.services(service("dns", [dead], protocol="UDP"))
    eventually(lambda: UdpClient(port).ask("x", 2) is None and any(re.search(r"^UDP 502 [^,]+, [^,]+, [^,]+$", x) for x in weir.lines()), "502 after three tries")
    return weir


def case_udp_is_bounded(folder):
    """Sessions of UDP are bounded: the one that was quiet the longest makes room, and other ports keep their descriptors."""
    silent = UdpEcho("u", answers=0)
    echo = TcpEcho("a")
    tcp, udp = free_port(), free_port()
    # An eighth of 160 descriptors is kept, a quarter of the rest is for UDP: 35.
    weir = Weir(folder, tcp={str(tcp): "default/db:5432"}, udp={str(udp): "default/dns:5432"}, descriptors=160, settings={"worker-processes": "1"},
                services=service("db", [echo.port]) + service("dns", [silent.port], protocol="UDP"))
    weir.connect(tcp)[0].close()
    clients = [UdpClient(udp) for _ in range(100)]
    for i, client in enumerate(clients):
        client.socket.send(b"%d" % i)
        eventually(lambda i=i: any(data == b"%d" % i for data, _ in silent.got), f"datagram {i}")
    eventually(lambda: weir.sessions("UDP") == 35, f"35 sessions, not {weir.sessions('UDP')}")
    weir.line(r" UDP 503 0 1 ")
    equal(weir.connect(tcp)[1], "a", "endpoint of the TCP port")
    return weir


def case_udp_port_goes(folder):
    """The sessions of a UDP port end with it; the port can come back."""
    names = UdpEcho("u", answers=0)
    port = free_port()
    weir = Weir(folder, udp={str(port): "default/dns:5432"}, services=service("dns", [names.port], protocol="UDP"))
    UdpClient(port).ask("x", 3)
    eventually(lambda: names.got, "the datagram")
    weir.udp({})
    eventually(lambda: weir.sessions("UDP") == 0, "no session")
    weir.udp({str(port): "default/dns:5432"})
    names.got.clear()
    eventually(lambda: UdpClient(port).ask("again", 2) or names.got, "the port is back")
    return weir


def case_many_clients_at_once(folder):
    """Many UDP clients at once each get their own answers, whatever worker they meet."""
    names = [UdpEcho("u"), UdpEcho("v")]
    port = free_port()
    weir = Weir(folder, udp={str(port): "default/dns:5432"}, services=service("dns", [n.port for n in names], protocol="UDP"))
    check(UdpClient(port).ask("up", 30), "an answer")
    wrong = []

    def talk(me):
        client = UdpClient(port)
        for i in range(20):
            answer = client.ask(f"{me}/{i}", 10)
            if not answer or answer[4:] != f"{me}/{i}":
                wrong.append((me, i, answer))

    threads = [threading.Thread(target=talk, args=(i,)) for i in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # An answer that was late once is the answer to the question before.
    check(len(wrong) <= 5, f"wrong answers: {wrong[:10]}")
    check(all(n.got for n in names), "an endpoint without a datagram")
    return weir


def main(functions):
    global WEIR
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    WEIR = str(pathlib.Path(arguments.weir).resolve())
    cases = {name: function for name, function in functions.items() if name.startswith("case_")}
    failed = []
    for name in arguments.names or cases:
        with tempfile.TemporaryDirectory(prefix="weir-port-services-") as folder:
            weir = None
            try:
                weir = cases[name](pathlib.Path(folder))
                check(weir is None or weir.process.poll() in (None, 0), "Weir ended")
                if weir and weir.process.poll() is None:
                    equal(weir.stop(signal.SIGTERM), 0, "exit status")
                print(f"ok     {name}")
            except Exception as error:  # noqa: BLE001
                failed.append(name)
                print(f"FAILED {name}: {cases[name].__doc__}\n  {error!r}")
                if not isinstance(error, Failed):
                    traceback.print_exc()
            finally:
                for process in list(RUNNING):
                    if process.poll() is None:
                        process.kill()
                        process.wait()
                RUNNING.clear()
    print(f"{len(arguments.names or cases) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


RUNNING = []

if __name__ == "__main__":
    sys.exit(main(globals()))
