#!/usr/bin/env python3
"""A real `weir echo`, asked over TCP and over TLS for what its header promises: src/app/echo_server.h.
usage: echo.py --weir BINARY [NAME ...]

Every case is a function that is run once per transport; its first line of documentation is the behaviour.
"""
import argparse
import json
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
from ports import free_port  # noqa: E402

PATIENCE = 20  # seconds; nothing takes that long
GET = b"GET /a?b=1 HTTP/1.1\r\nHost: demo\r\n\r\n"


class Echo:
    """The server of one transport."""

    def __init__(self, weir, folder, tls):
        self.port, self.tls = free_port(), tls
        command = [weir, "echo", "--port", self.port, "--address", "127.0.0.1", "--name", "demo"]
        if tls:
            files = [str(folder / "cert.pem"), str(folder / "key.pem")]
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-subj", "/CN=demo", "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
            command += ["--tls=true", "--cert", files[0], "--key", files[1]]
        self.process = subprocess.Popen([str(c) for c in command], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.connect(plain=True).close()
            except OSError:
                assert time.monotonic() < deadline, "the server never listens"
                time.sleep(0.02)

    def connect(self, plain=False):
        connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        if plain or not self.tls:
            return connection
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(connection, suppress_ragged_eofs=False)  # a TLS connection ends by close_notify

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def read_head(stream):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        assert line, f"the end after {head!r}"
        head += line
    return head.decode()


def read_answer(stream):
    """Status line and body of a response with Content-Length."""
    head = read_head(stream)
    length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
    return head.split("\r\n")[0], stream.read(length)


def case_request(echo):
    """A request is answered with what was received, and the connection is kept."""
    with echo.connect() as wire, wire.makefile("rb") as stream:
        for _ in range(2):
            wire.sendall(GET)
            status, body = read_answer(stream)
            told = json.loads(body)
            assert status == "HTTP/1.1 200 OK", status
            assert (told["name"], told["method"], told["path"], told["query"]) == ("demo", "GET", "/a", "b=1"), told
            assert told["tls"] == echo.tls and told["headers"]["host"] == ["demo"], told


def case_body(echo):
    """A body of a MiB, sent after 100 Continue, arrives whole, and so does an answer of that size."""
    size = 1 << 20
    with echo.connect() as wire, wire.makefile("rb") as stream:
        wire.sendall(b"POST /?status=201 HTTP/1.1\r\nHost: demo\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % size)
        assert read_head(stream).startswith("HTTP/1.1 100 "), "no 100 Continue"
        wire.sendall(b"y" * size)
        status, body = read_answer(stream)
        assert status == "HTTP/1.1 201 Created" and json.loads(body)["body_length"] == size, (status, body[:500])
        wire.sendall(b"GET /?size=%d HTTP/1.1\r\nHost: demo\r\n\r\n" % size)
        assert read_answer(stream)[1] == b"x" * size, "another body"


def case_close(echo):
    """With close=1 the answer is complete before the connection ends."""
    with echo.connect() as wire, wire.makefile("rb") as stream:
        wire.sendall(b"GET /?close=1&size=100000 HTTP/1.1\r\nHost: demo\r\n\r\n")
        assert len(read_answer(stream)[1]) == 100000
        assert stream.read() == b"", "more after the answer"


def case_websocket(echo):
    """Messages of a WebSocket come back, and its close is answered."""
    with echo.connect() as wire, wire.makefile("rb") as stream:
        wire.sendall(b"GET /ws HTTP/1.1\r\nHost: demo\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        head = read_head(stream)
        assert head.startswith("HTTP/1.1 101 ") and "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head
        wire.sendall(b"\x81\x85\x00\x00\x00\x00hello")  # text, masked with zeros
        assert stream.read(7) == b"\x81\x05hello"
        wire.sendall(b"\x88\x82\x00\x00\x00\x00\x03\xe8")  # close, 1000
        assert stream.read(4) == b"\x88\x02\x03\xe8"


def case_strangers(echo):
    """Who sends no request, or none of this transport, holds up nobody."""
    with echo.connect(plain=True) as silent, echo.connect(plain=True) as stranger:
        stranger.sendall(b"\x00\x01garbage\r\n\r\n")
        case_request(echo)
        assert silent.fileno() >= 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    cases = [f for name, f in globals().items() if name.startswith("case_") and
             (not arguments.names or any(n in name for n in arguments.names))]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="weir-echo-") as folder:
        for tls in (False, True):
            echo = Echo(arguments.weir, pathlib.Path(folder), tls)
            for case in cases:
                try:
                    case(echo)
                    print(f"ok      {'TLS' if tls else 'TCP'} {case.__doc__}", flush=True)
                except Exception:  # whatever it is, the other cases still run
                    failed += 1
                    print(f"FAILED  {'TLS' if tls else 'TCP'} {case.__doc__}\n{traceback.format_exc()}", flush=True)
            if (code := echo.stop()) != 0:
                failed += 1
                print(f"FAILED  the server ended with {code}")
    print(f"{2 * len(cases) - failed} of {2 * len(cases)} passed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
