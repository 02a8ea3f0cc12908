#!/usr/bin/env python3
"""backend-protocol GRPC and GRPCS: the built program between clients and a real gRPC server (main.go). Every test names the
sentence it holds.

usage: run.py --weir BINARY [NAME ...]   (default: all tests)
"""
import argparse
import pathlib
import queue
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))
from run import Pki, free_port, ingress_object, is_ready, read_message, service_objects  # noqa: E402

DEADLINE = 30  # seconds for anything
NAME = "endpoints.example"  # of the server's certificate


class Failed(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Failed(what)


class Peer:
    """A gRPC server; its lines are kept."""

    def __init__(self, binary, *arguments):
        self.process = subprocess.Popen([binary, "serve", *arguments], stdout=subprocess.PIPE, text=True)
        self.lines, self.fresh = [], queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.port = int(self.wait("port ").split()[1])

    def _read(self):
        for line in self.process.stdout:
            self.fresh.put(line.strip())

    def wait(self, start):
        """The next line that begins so; lines in front of it are kept."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                line = self.fresh.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise Failed(f"the server never said {start!r}; it said {self.lines[-5:]}") from None
            self.lines.append(line)
            if line.startswith(start):
                return line

    def said(self):
        while not self.fresh.empty():
            self.lines.append(self.fresh.get())
        return self.lines

    def close(self):
        self.process.kill()
        self.process.wait()


def frame(message):
    return struct.pack(">BI", 0, len(message)) + message


def unframe(body):
    out = []
    while body:
        size = struct.unpack(">BI", body[:5])[1]
        out.append(body[5:5 + size])
        body = body[5 + size:]
    return out


class World:
    """Weir with one host per server."""

    def __init__(self, arguments, folder, peer):
        self.folder, self.peer_binary, self.weir_binary = folder, peer, arguments.weir
        self.manifests = folder / "manifests"
        self.manifests.mkdir()
        self.pki = Pki(folder / "pki", {"ca": {}, "other": {}, "server": {"by": "ca", "names": [NAME]}})
        self.server = Peer(peer)
        self.tls_server = Peer(peer, "-certificate", str(self.pki.path("server")), "-key", str(self.pki.path("server", "key")))
        self.idle_server = Peer(peer, "-idle", "300ms")
        self.peers = [self.server, self.tls_server, self.idle_server]
        self.http, self.https, self.health = free_port(), free_port(), free_port()
        self.write_objects()
        self.log = open(folder / "weir.log", "w+")  # noqa: SIM115
        self.weir = subprocess.Popen(
            [arguments.weir, "serve", f"--manifests={self.manifests}", f"--http-port={self.http}", f"--https-port={self.https}",
             f"--healthz-port={self.health}", "--configmap=weir/weir", "--post-shutdown-grace-period=0"],
            stdout=self.log, stderr=subprocess.STDOUT)
        self.await_ready()

    def write_objects(self):
        objects = [{"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"},
                    "spec": {"controller": "k8s.io/ingress-nginx"}},
                   {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "weir", "namespace": "weir"},
                    "data": {"upstream-keepalive-timeout": "60", "weir-reason-header": "true"}},
                   self.pki.secret("ca", {"ca": "ca"}), self.pki.secret("other", {"ca": "other"})]
        self.error_port = free_port()
        self.error_page = subprocess.Popen([self.weir_binary, "echo", f"--port={self.error_port}", "--name=page"],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        objects += service_objects("empty", 1, {"endpoints": 0})
        for name, port in [("plain", self.server.port), ("tls", self.tls_server.port), ("idle", self.idle_server.port),
                           ("dead", free_port()), ("page", self.error_port)]:
            objects += service_objects(name, port, {})

        def host(name, service, protocol, **annotations):
            more = {key.replace("_", "-"): value for key, value in annotations.items()}
            objects.append(ingress_object({"name": name, "host": name + ".example", "paths": {"/": service},
                                           "annotations": {"backend-protocol": protocol, "ssl-redirect": "false",
                                                           "proxy-body-size": "0", **more}}))
        host("plain", "plain", "GRPC")
        host("small", "plain", "grpc", proxy_body_size="1k")
        host("idle", "idle", "GRPC")
        host("dead", "dead", "GRPC")
        host("wrong", "tls", "GRPC")  # clear HTTP/2 to a server that wants TLS
        host("quick", "plain", "GRPC", proxy_read_timeout="1")
        host("rewritten", "plain", "GRPC", rewrite_target="/test.Peer/Echo")
        host("replaced", "plain", "GRPC", custom_http_errors="415", default_backend="page")
        host("standin", "empty", "GRPC", default_backend="plain")
        host("plainstandin", "empty", "GRPC", default_backend="page")
        # Of the proxy-ssl settings none is written at GRPCS itself: they are the location's.
        host("secure", "tls", "grpcs", proxy_ssl_secret="default/ca", proxy_ssl_verify="on", proxy_ssl_name=NAME)
        host("untrusted", "tls", "GRPCS", proxy_ssl_secret="default/other", proxy_ssl_verify="on", proxy_ssl_name=NAME)
        (self.manifests / "all.yaml").write_text(yaml.safe_dump_all(objects))

    def await_ready(self):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if is_ready(self.health):
                return
            time.sleep(0.02)
        raise Failed("weir did not get ready: " + (self.folder / "weir.log").read_text()[-2000:])

    def await_log(self, pattern, count, what):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            lines = (self.folder / "weir.log").read_text().splitlines()
            if sum(1 for line in lines if re.search(pattern, line)) >= count:
                return
            time.sleep(0.05)
        raise Failed(f"the log lacks {what}: {[line for line in lines if 'HTTP/2.0' in line][-5:]}")

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.http), timeout=DEADLINE)

    def post(self, host, method, body, connection=None):
        """One HTTP/1.1 request with a body of known length: status, fields, body."""
        own = connection is None
        connection = connection or self.connect()
        connection.sendall(self.head(host, method, f"Content-Length: {len(body)}\r\n") + body)
        message = read_message(connection.makefile("rb"))
        if own:
            connection.close()
        return message

    @staticmethod
    def head(host, method, more):
        return (f"POST /test.Peer/{method} HTTP/1.1\r\nHost: {host}.example\r\nContent-Type: application/grpc\r\nTE: trailers\r\n"
                f"{more}\r\n").encode()

    def call(self, host, *names, tls=False):
        """Calls of a real gRPC client: what it says, one line per call."""
        arguments = [self.peer_binary, "call", "-address", f"127.0.0.1:{self.https if tls else self.http}", "-authority", host + ".example"]
        done = subprocess.run([*arguments, *(["-tls"] if tls else []), *names], capture_output=True, text=True, timeout=120)
        expect(done.returncode == 0, f"client: {done.stderr}")
        return dict(line.split(": ", 1) for line in done.stdout.splitlines())

    def close(self):
        """Weir's exit status: a sanitizer says by it what it found."""
        self.weir.terminate()
        status = self.weir.wait(timeout=30)
        for peer in self.peers:
            peer.close()
        self.error_page.kill()
        self.error_page.wait()
        self.log.close()
        return status


# ------------------------------------------------------------------------------------------------------------- tests
def fields_of(message, name):
    return message.values(name)


def status_of(message):
    return int(message.start.split(" ")[1])


def test_unary_call_of_an_http1_client(world):
    answer = world.post("plain", "Echo", frame(b"hello"))
    expect(status_of(answer) == 200 and unframe(answer.body) == [b"hello"], f"{answer.start} {answer.body!r}")
    expect(answer.start == "HTTP/1.1 200 OK", f"status line {answer.start}")
    expect(fields_of(answer, "x-header") == ["of the server"], f"{answer.fields}")
    expect(fields_of(answer, "grpc-status") == [], "a trailer became a field")


def test_endpoint_sees_host_and_client_address(world):
    world.server.said()
    world.post("plain", "Echo", frame(b"x"))
    line = world.server.wait("call /test.Peer/Echo")
    expect("authority [plain.example]" in line and "forwarded [127.0.0.1]" in line, line)


def test_one_connection_serves_one_call_after_the_other(world):
    with world.connect() as connection:
        world.post("plain", "Sum", frame(b"x"), connection)  # what no case before calls: its line is not an old one
        world.server.wait("call /test.Peer/Sum")
        world.server.said().clear()
        for i in range(20):
            answer = world.post("plain", "Echo", frame(b"%d" % i), connection)
            expect(unframe(answer.body) == [b"%d" % i], f"{i}: {answer.start} {answer.body!r}")
    for _ in range(20):
        world.server.wait("call /test.Peer/Echo")
    lines = world.server.said()
    expect(not any(line.startswith("opened") for line in lines), f"{lines}")


def test_status_without_a_message_arrives_as_a_head(world):
    answer = world.post("plain", "Fail", frame(b"x"))
    expect(status_of(answer) == 200 and answer.body == b"", f"{answer.start} {answer.body!r}")
    expect(fields_of(answer, "grpc-status") == ["9"], f"{answer.fields}")


def test_body_of_unknown_length_goes_up_in_pieces(world):
    with world.connect() as connection:
        connection.sendall(world.head("plain", "Sum", "Transfer-Encoding: chunked\r\n"))
        for size in (1, 70_000, 300_000):
            message = frame(bytes(size))
            connection.sendall(b"%x\r\n" % len(message) + message + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        answer = read_message(connection.makefile("rb"))
    expect(struct.unpack(">Q", unframe(answer.body)[0])[0] == 370_001, f"{answer.start} {answer.body!r}")


def test_answer_comes_while_the_request_goes_on(world):
    with world.connect() as connection:
        connection.sendall(world.head("plain", "Bidi", "Transfer-Encoding: chunked\r\n"))
        stream = connection.makefile("rb")
        head_seen = False
        for i in range(50):
            message = frame(b"message %d" % i)
            connection.sendall(b"%x\r\n" % len(message) + message + b"\r\n")
            if not head_seen:
                head_seen = True
                expect(b" 200 " in stream.readline(), "no 200")
                while stream.readline() != b"\r\n":
                    pass
            size = int(stream.readline(), 16)
            expect(stream.read(size) == message, f"message {i} differs")
            stream.readline()
        connection.sendall(b"0\r\n\r\n")
        expect(stream.readline() == b"0\r\n", "no end")


def test_large_messages_go_both_ways_at_the_pace_of_a_slow_client(world):
    message = frame(bytes(range(256)) * 16384)  # 4 MiB
    with world.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        sending = threading.Thread(target=connection.sendall, args=(world.head("plain", "Bidi", f"Content-Length: {len(message)}\r\n") + message,))
        sending.start()
        time.sleep(0.3)
        answer = read_message(connection.makefile("rb"))
        sending.join(DEADLINE)
    expect(status_of(answer) == 200 and answer.body == message, f"{answer.start}, {len(answer.body)} bytes")


def test_a_client_that_leaves_cancels_the_call(world):
    with world.connect() as connection:
        connection.sendall(world.head("plain", "Hang", "Content-Length: 0\r\n"))
        expect(b" 200 " in connection.makefile("rb").readline(), "no head")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    world.server.wait("cancelled")


def test_silent_endpoint_is_cut_after_proxy_read_timeout(world):
    with world.connect() as connection:
        connection.sendall(world.head("quick", "Hang", "Content-Length: 0\r\n"))
        try:
            rest = connection.makefile("rb").read()
        except ConnectionResetError:
            rest = b"reset"
    expect(not rest.endswith(b"0\r\n\r\n"), "the answer looks complete")
    world.server.wait("cancelled")


def test_goaway_of_an_idle_connection_hurts_no_call(world):
    for _ in range(3):
        answer = world.post("idle", "Echo", frame(b"x"))
        expect(status_of(answer) == 200, answer.start)
        world.idle_server.wait("closed 0")


def test_grpcs_verifies_the_endpoint(world):
    answer = world.post("secure", "Echo", frame(b"hello"))
    expect(status_of(answer) == 200 and unframe(answer.body) == [b"hello"], f"{answer.start}")
    refused = world.post("untrusted", "Echo", frame(b"hello"))
    expect(status_of(refused) == 502, refused.start)
    expect(fields_of(refused, "X-Weir-Reason") == ["upstream-certificate"], f"{refused.fields}")


def test_errors_of_the_proxy_are_http_statuses(world):
    for host, reason in (("dead", "upstream-connect"), ("wrong", None)):
        answer = world.post(host, "Echo", frame(b"x"))
        expect(status_of(answer) == 502, f"{host}: {answer.start}")
        expect(reason is None or fields_of(answer, "X-Weir-Reason") == [reason], f"{host}: {answer.fields}")


def test_proxy_body_size_holds(world):
    answer = world.post("small", "Sum", frame(bytes(2000)))
    expect(status_of(answer) == 413, answer.start)


def test_rewrite_target_gives_the_path(world):
    answer = world.post("rewritten", "Nothing", frame(b"hello"))
    expect(unframe(answer.body) == [b"hello"], f"{answer.start} {answer.body!r}")


def test_error_backends_are_plain_http_and_stand_ins_speak_grpc(world):
    with world.connect() as connection:
        connection.sendall(b"POST /test.Peer/Echo HTTP/1.1\r\nHost: replaced.example\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx")
        replaced = read_message(connection.makefile("rb"))
    expect(b'"page"' in replaced.body, f"{replaced.start} {replaced.body!r}")
    standing_in = world.post("standin", "Echo", frame(b"hello"))
    expect(status_of(standing_in) == 200 and standing_in.body == frame(b"hello"), f"{standing_in.start} {standing_in.body!r}")
    plain = world.post("plainstandin", "Echo", frame(b"hello"))
    expect(status_of(plain) == 502, f"{plain.start}")


CALLS = {
    "unary": 'hello, header ["of the server"], trailer ["of the server"]',
    "serverstream": "200 messages",
    "clientstream": "10000000 bytes",
    "bidi": '100 messages, trailer ["of the server"]',
    "fail": "error FailedPrecondition: refused on purpose",
    "faillate": "error DataLoss: broke on purpose",
    "missing": "error Unimplemented: no such method",
    "large": "same true",
    "slow": "32 messages",
    "deaf": "8388608 bytes",
}


def check_calls(world, host, tls):
    said = world.call(host, *CALLS, tls=tls)
    wrong = {name: said.get(name) for name, wanted in CALLS.items() if said.get(name) != wanted}
    expect(not wrong, f"{wrong}")


def test_every_kind_of_call_of_a_grpc_client(world):
    check_calls(world, "plain", tls=False)


def test_every_kind_of_call_over_tls_on_both_sides(world):
    check_calls(world, "secure", tls=True)


def test_deadline_and_cancel_of_a_grpc_client_reach_the_endpoint(world):
    for name, wanted in (("deadline", "error DeadlineExceeded"), ("cancel", "error Canceled")):
        said = world.call("plain", name)
        expect(said[name].startswith(wanted), f"{said}")
        world.server.wait("cancelled")
    # The log tells how long the endpoint had the calls.
    world.await_log(r'"POST /test\.Peer/Hang HTTP/2\.0" \d+ .* \[default-plain-80\] \[\] \S+ \d+ \d+\.\d+ 200 ', 2, "the calls that were cut")


def test_a_grpc_client_takes_errors_of_the_proxy_for_unavailable(world):
    said = world.call("dead", "unary")
    expect(said["unary"].startswith("error Unavailable"), f"{said}")


def test_many_calls_at_a_time_of_one_client(world):
    threads, results = [], []
    for _ in range(8):
        threads.append(threading.Thread(target=lambda: results.append(world.call("plain", *["unary", "bidi", "serverstream"] * 3))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(len(results) == 8, f"{len(results)} clients came to an end")
    for said in results:
        expect(all(said[name] == CALLS[name] for name in ("unary", "bidi", "serverstream")), f"{said}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    built = subprocess.run([HERE / "build"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_") and (not arguments.names or name in arguments.names)]
    failed, status = 0, 1
    with tempfile.TemporaryDirectory(prefix="weir-grpc-") as folder:
        world = World(arguments, pathlib.Path(folder), built + "/peer")
        try:
            for name, test in tests:
                began = time.monotonic()
                try:
                    test(world)
                    print(f"ok    {name} ({time.monotonic() - began:.1f} s)", flush=True)
                except (Failed, OSError, ValueError, AttributeError, struct.error) as error:
                    failed += 1
                    print(f"FAIL  {name}: {error!r}\n{(world.folder / 'weir.log').read_text()[-1500:]}", flush=True)
                if world.weir.poll() is not None:
                    print(f"weir ended with {world.weir.returncode}\n{(world.folder / 'weir.log').read_text()[-3000:]}")
                    return 1
        finally:
            status = world.close()
            if status != 0:
                print(f"weir ended with {status}\n{(world.folder / 'weir.log').read_text()[-3000:]}")
    print(f"{len(tests) - failed} of {len(tests)} tests passed")
    return 1 if failed or status or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
