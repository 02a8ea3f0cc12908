#!/usr/bin/env python3
"""HTTP/2 frames in, frames out, against a real `weir serve`. usage: http2.py --weir BINARY [NAME ...]

Every case is a function whose first line of documentation is the behaviour. Fields go out as HPACK literals without
Huffman and without an index (RFC 7541 6.2.2), so that anything can be said; of an answer only the status is decoded.
"""
import argparse
import pathlib
import signal
import socket
import struct
import sys
import time
import traceback
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
import run as scenario  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
PROTOCOL_ERROR, CANCEL, ENHANCE_YOUR_CALM = 1, 8, 11
INDEXED_STATUS = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
GET = {":method": "GET", ":scheme": "http", ":path": "/", ":authority": "a.example"}


class Failed(Exception):
    pass


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def number(value, bits, first=0):
    """RFC 7541 5.1"""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out = [first | most]
    value -= most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def block(fields):
    out = b""
    for name, value in fields.items() if isinstance(fields, dict) else fields:
        name, value = (x.encode("latin-1") for x in (name, value))
        out += b"\0" + number(len(name), 7) + name + number(len(value), 7) + value
    return out


def status_of(payload):
    """Of a header block by nghttp2 for a peer that allows no dynamic table: the first field is :status."""
    payload = payload.lstrip(b"\x20")  # size updates
    if payload[0] & 0x80:
        return INDEXED_STATUS[payload[0] & 0x7F]
    text, huffman = payload[2:2 + (payload[1] & 0x7F)], payload[1] & 0x80
    if not huffman:
        return int(text)
    bits, out = "".join(f"{b:08b}" for b in text), ""
    while len(out) < 3:  # digits of RFC 7541 B: 0 to 2 in five bits, 3 to 9 in six
        size = 5 if bits[:5] in ("00000", "00001", "00010") else 6
        code, bits = int(bits[:size], 2), bits[size:]
        out += str(code if size == 5 else code - 0x19 + 3)
    return int(out)


class Client:
    def __init__(self, server, settings=b""):
        self.socket = socket.create_connection(("127.0.0.1", server.http), timeout=scenario.DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        no_table = struct.pack(">HI", 1, 0)
        self.send(PREFACE + frame(SETTINGS, 0, 0, no_table + settings))
        self.statuses, self.resets, self.bodies, self.ended = {}, {}, {}, set()
        self.goaways, self.acks, self.closed = [], 0, False
        self.answers_settings, self.knows_settings = True, False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before the end: what was said before is still there

    def request(self, stream, fields, end=True, body=None):
        last = END_STREAM if end and body is None else 0
        data = frame(HEADERS, END_HEADERS | last, stream, block(fields))
        if body is not None:
            data += frame(DATA, END_STREAM, stream, body)
        self.send(data)

    def exactly(self, size):
        out = b""
        while len(out) < size:
            got = self.socket.recv(size - len(out))
            if not got:
                raise EOFError
            out += got
        return out

    def read(self):
        """One frame. EOFError, ConnectionResetError at the end."""
        head = self.exactly(9)
        size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        stream = int.from_bytes(head[5:], "big") & 0x7FFFFFFF
        payload = self.exactly(size)
        if kind == SETTINGS and not flags & ACK and self.answers_settings:
            self.send(frame(SETTINGS, ACK, 0))
            self.knows_settings = True
        elif kind == PING and flags & ACK:
            self.acks += 1
        elif kind == GOAWAY:
            self.goaways.append((int.from_bytes(payload[:4], "big"), int.from_bytes(payload[4:8], "big")))
        elif kind == RESET:
            self.resets[stream] = int.from_bytes(payload, "big")
        elif kind == HEADERS:
            self.statuses.setdefault(stream, status_of(payload))
        elif kind == DATA:
            self.bodies[stream] = self.bodies.get(stream, b"") + payload
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            self.ended.add(stream)
        return kind

    def until(self, done, what):
        deadline = time.monotonic() + scenario.DEADLINE
        try:
            while not done():
                if time.monotonic() > deadline:
                    raise Failed(f"never came: {what}; {self.told()}")
                self.read()
        except (EOFError, ConnectionResetError) as error:
            self.closed = True
            if not done():
                raise Failed(f"closed before {what}; {self.told()}") from error
        except socket.timeout as error:
            raise Failed(f"never came: {what}; {self.told()}") from error

    def told(self):
        return f"statuses {self.statuses}, resets {self.resets}, goaways {self.goaways}"

    def answer(self, stream):
        self.until(lambda: stream in self.ended or stream in self.resets, f"the answer on {stream}")
        return self.statuses.get(stream)

    def gone(self):
        """Waits for the end of the connection. The code of the last GOAWAY."""
        self.until(lambda: self.closed, "the end of the connection") if not self.closed else None
        return self.goaways[-1][1] if self.goaways else None


def need(condition, text, client=None):
    if not condition:
        raise Failed(text + (f"; {client.told()}" if client else ""))


def end_of(client):
    try:
        client.gone()
    except Failed:
        need(client.closed, "the connection should be closed", client)
    return client.goaways[-1][1] if client.goaways else None


# ------------------------------------------------------------------------------------------------------------- cases
def case_streams_are_answered_side_by_side(server):
    """Many streams at once are all answered, whatever their order."""
    with Client(server) as client:
        client.send(b"".join(frame(HEADERS, END_HEADERS | END_STREAM, i, block(GET)) for i in range(1, 201, 2)))
        for i in range(1, 201, 2):
            need(client.answer(i) == 200, f"stream {i}", client)


def case_more_streams_than_allowed_are_refused(server):
    """What exceeds http2-max-concurrent-streams is refused so that it can be sent again; the others are answered."""
    with Client(server) as client:
        count = 130
        client.send(b"".join(frame(HEADERS, END_HEADERS, i, block({**GET, ":method": "POST"})) for i in range(1, 2 * count, 2)))
        client.until(lambda: len(client.resets) == 2, "two refused streams")
        need(set(client.resets.values()) <= {7, PROTOCOL_ERROR}, "REFUSED_STREAM", client)
        client.send(b"".join(frame(DATA, END_STREAM, i) for i in range(1, 256, 2)))
        wrong = {i: client.answer(i) for i in range(1, 256, 2) if client.answer(i) != 200}
        need(not wrong, f"the others: {wrong}", client)


def case_bad_heads(server):
    """A head that HTTP/1 would be refused for, or that only HTTP/2 forbids, is refused alone; nothing reaches the upstream."""
    upstream = server.upstreams["web"]
    with upstream.lock:
        upstream.seen.clear()
    bad = [
        {**GET, ":path": "/ x"}, {**GET, ":path": "/\r\nX: y"}, {**GET, ":path": "x"}, {**GET, ":path": ""},
        {**GET, ":authority": "a b"}, {**GET, ":authority": "a.example\r\nX: y"}, {**GET, ":authority": "u@a.example"},
        {**GET, "host": "b.example"}, {**GET, ":method": "G T"}, {**GET, ":method": "CONNECT"}, {**GET, ":scheme": "ftp"},
        {k: v for k, v in GET.items() if k != ":path"}, {k: v for k, v in GET.items() if k != ":method"},
        {k: v for k, v in GET.items() if k != ":scheme"}, {k: v for k, v in GET.items() if k != ":authority"},
        [*GET.items(), (":path", "/b")], [*GET.items(), (":unknown", "x")],
        [("x", "y"), *GET.items()], {**GET, "X-Upper": "y"}, {**GET, "": "y"}, {**GET, "a b": "y"}, {**GET, "a:b": "y"},
        {**GET, "x": "a\r\nb: c"}, {**GET, "x": "a\nb"}, {**GET, "x": "a\0b"},
        {**GET, "connection": "close"}, {**GET, "transfer-encoding": "chunked"}, {**GET, "keep-alive": "x"},
        {**GET, "upgrade": "websocket"}, {**GET, "te": "gzip"}, {**GET, "content-length": "5"},
        {**GET, "content-length": "x"}, [*GET.items(), ("content-length", "0"), ("content-length", "1")],
        [*GET.items(), ("host", "a.example"), ("host", "a.example")],
    ]
    for number_, fields in enumerate(bad):
        with Client(server) as client:
            client.request(1, fields)
            status = client.answer(1)
            need(status is None or 400 <= status < 500, f"bad head {number_} {fields}: {status}", client)
            client.request(3, GET)
            need(client.answer(3) == 200, f"the next stream after {fields}", client)
    with upstream.lock:
        need(len(upstream.seen) == len(bad), f"the upstream saw {len(upstream.seen)} requests, want {len(bad)}")


def case_body_and_length_differ(server):
    """A body that is longer or shorter than its Content-Length resets its stream and reaches no upstream."""
    upstream = server.upstreams["web"]
    with upstream.lock:
        upstream.seen.clear()
    with Client(server) as client:
        post = {**GET, ":method": "POST", "content-length": "5"}
        for stream, body in ((1, b"1234"), (3, b"123456"), (5, b"")):
            client.request(stream, post, body=body)
            client.answer(stream)
            need(client.resets.get(stream) == PROTOCOL_ERROR, f"stream {stream} is reset", client)
        client.request(7, post, body=b"12345")
        need(client.answer(7) == 200, "the right length", client)
    with upstream.lock:
        need([m.body for m in upstream.seen] == [b"12345"], "only the right one reaches the upstream")


def case_body_byte_by_byte(server):
    """A body may come in frames of one byte, interleaved with another stream's."""
    with Client(server) as client:
        post = {**GET, ":method": "POST"}
        client.request(1, post, end=False)
        client.request(3, post, end=False)
        for byte in b"0123456789":
            client.send(frame(DATA, 0, 1, bytes([byte])) + frame(DATA, 0, 3, bytes([byte ^ 1])))
        client.send(frame(DATA, END_STREAM, 3) + frame(DATA, END_STREAM, 1))
        need(client.answer(1) == 200 and client.answer(3) == 200, "both answers", client)
    with server.upstreams["web"].lock:
        got = {m.body for m in server.upstreams["web"].seen}
    need({b"0123456789", bytes(b ^ 1 for b in b"0123456789")} <= got, f"bodies {got}")


def case_too_large_body(server):
    """A body over proxy-body-size gets 413, and the connection goes on."""
    with Client(server) as client:
        client.request(1, {**GET, ":method": "POST"}, end=False)
        client.until(lambda: client.knows_settings, "the size of windows")
        for _ in range(12):
            client.send(frame(DATA, 0, 1, b"x" * 10000))
        need(client.answer(1) == 413, "413", client)
        client.request(3, GET)
        need(client.answer(3) == 200, "the next one", client)


def case_too_long_head(server):
    """More fields than large_client_header_buffers allow get an error on their stream alone."""
    with Client(server) as client:
        fields = {**GET, **{f"x-{i}": "y" * 4000 for i in range(9)}}
        data = block(fields)
        pieces = [data[i:i + 16000] for i in range(0, len(data), 16000)]
        client.send(frame(HEADERS, END_STREAM, 1, pieces[0]) +
                    b"".join(frame(CONTINUATION, END_HEADERS if p is pieces[-1] else 0, 1, p) for p in pieces[1:]))
        need(client.answer(1) in (400, 431), "an error", client)
        client.request(3, GET)
        need(client.answer(3) == 200, "the next one", client)


def flood(server, pieces, code=ENHANCE_YOUR_CALM):
    with Client(server) as client:
        for data in pieces:
            client.send(data)
        need(end_of(client) == code, f"GOAWAY {code}", client)
    with Client(server) as client:
        client.request(1, GET)
        need(client.answer(1) == 200, "another client is served", client)


def case_continuation_flood(server):
    """A header block in very many CONTINUATION frames ends the connection."""
    flood(server, [frame(HEADERS, END_STREAM, 1, block(GET))] + [frame(CONTINUATION, 0, 1, block({"x": "y"}))] * 2000)


def case_empty_continuation_flood(server):
    """The same with empty ones."""
    flood(server, [frame(HEADERS, END_STREAM, 1, block(GET))] + [frame(CONTINUATION, 0, 1)] * 2000)


def case_rapid_reset(server):
    """Streams that are opened and reset without end (CVE-2023-44487) end the connection."""
    flood(server, [frame(HEADERS, END_HEADERS | END_STREAM, i, block(GET)) + frame(RESET, 0, i, struct.pack(">I", CANCEL))
                   for i in range(1, 4001, 2)])


def case_made_you_reset(server):
    """The same for streams that make Weir reset them (CVE-2025-8671)."""
    flood(server, [frame(HEADERS, END_HEADERS | END_STREAM, i, block(GET)) + frame(UPDATE, 0, i, struct.pack(">I", 2**31 - 1))
                   for i in range(1, 4001, 2)])


def case_ping_flood(server):
    """PINGs without end end the connection."""
    flood(server, [frame(PING, 0, 0, b"12345678") * 100] * 20)


def case_settings_flood(server):
    """SETTINGS without end end the connection."""
    flood(server, [frame(SETTINGS, 0, 0) * 100] * 20)


def case_priority_flood(server):
    """PRIORITY frames without end end the connection."""
    flood(server, [frame(PRIORITY, 0, 2 * i + 1, struct.pack(">IB", 0, 1)) * 10 for i in range(200)])


def case_empty_data_flood(server):
    """DATA frames without a byte end the connection."""
    post = {**GET, ":method": "POST"}
    flood(server, [frame(HEADERS, END_HEADERS, 1, block(post))] + [frame(DATA, 0, 1) * 100] * 20)


def case_some_pings(server):
    """A few PINGs, as clients send them to keep a connection alive, are answered."""
    with Client(server) as client:
        client.send(frame(PING, 0, 0, b"12345678") * 20)
        client.until(lambda: client.acks == 20, "20 answers")


def case_skipped_id(server):
    """A stream id that was gone past cannot be opened any more."""
    with Client(server) as client:
        client.request(5, GET)
        need(client.answer(5) == 200, "the first", client)
        client.request(3, GET)
        need(end_of(client) == PROTOCOL_ERROR, "GOAWAY", client)


def case_junk(server):
    """Junk behind the preface ends the connection, and its reason is counted."""
    before = reasons(server, "http2-malformed")
    with Client(server) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n" * 3)
        need(end_of(client) in (PROTOCOL_ERROR, 6), "GOAWAY", client)
    deadline = time.monotonic() + scenario.DEADLINE
    while reasons(server, "http2-malformed") != before + 1:
        need(time.monotonic() < deadline, "the reason is never counted")
        time.sleep(0.05)


def case_cut_answer(server):
    """An answer that ends too early is cut by a reset of its stream; the connection goes on."""
    with Client(server) as client:
        client.request(1, {**GET, ":path": "/short"})
        need(client.answer(1) == 200 and client.resets.get(1) == 2, "INTERNAL_ERROR", client)
        client.request(3, GET)
        need(client.answer(3) == 200, "the next one", client)


def case_reset_while_waiting(server):
    """A request that its client resets is given up: the upstream connection closes, other streams go on."""
    with Client(server) as client:
        client.request(1, {**GET, ":method": "POST"}, end=False)
        client.send(frame(DATA, 0, 1, b"begin"))
        client.send(frame(RESET, 0, 1, struct.pack(">I", CANCEL)))
        client.request(3, GET)
        need(client.answer(3) == 200 and 1 not in client.statuses, "only the other is answered", client)


def case_closed_window(server):
    """Without a window nothing of the body is sent; with it the rest comes."""
    with Client(server, struct.pack(">HI", 4, 0)) as client:
        client.request(1, GET)
        client.until(lambda: 1 in client.statuses, "the head")
        need(1 not in client.bodies, "no body yet", client)
        client.send(frame(UPDATE, 0, 1, struct.pack(">I", 1)))
        client.until(lambda: client.bodies.get(1) == b"w", "one byte")
        client.send(frame(UPDATE, 0, 1, struct.pack(">I", 100)))
        need(client.answer(1) == 200 and client.bodies[1] == b"web", "the rest", client)


def reasons(server, reason):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.health}/metrics", timeout=scenario.DEADLINE) as answer:
        text = answer.read().decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if f'reason="{reason}"' in line and "#" not in line)


def case_drain(_):
    """SIGTERM: the client is told by two GOAWAYs, its running request ends, the connection and Weir do too."""
    server = scenario.Scenario(HERE / "slow-server.yaml", WEIR, keep=False)
    try:
        server.start()
        with Client(server) as client:
            client.request(1, GET)
            client.until(lambda: client.knows_settings, "settings")
            time.sleep(0.2)  # the request is with the upstream, which takes 2 s
            server.process.send_signal(signal.SIGTERM)
            client.until(lambda: client.goaways, "the first GOAWAY")
            need(client.goaways[0] == (2**31 - 1, 0), "it names no stream", client)
            client.request(3, GET)  # was on its way
            need(client.answer(1) == 200 and client.answer(3) == 200, "both answers", client)
            need(end_of(client) == 0 and client.goaways[-1] == (3, 0), "the last GOAWAY names the last stream", client)
        need(server.process.wait(scenario.DEADLINE) == 0, "it ends by itself")
    finally:
        errors = server.stop()
    need(not errors, str(errors))


WEIR = None


def main():
    global WEIR
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    WEIR = arguments.weir
    server = scenario.Scenario(HERE / "server.yaml", arguments.weir, keep=False)
    passed = failed = 0
    try:
        server.start()
        for name, run in list(globals().items()):
            if not name.startswith("case_") or (arguments.names and name not in arguments.names):
                continue
            try:
                run(server)
                passed += 1
            except Exception as error:  # one broken case must not hide the others
                failed += 1
                print(f"FAIL {name}: {error if isinstance(error, Failed) else traceback.format_exc()}")
    finally:
        for error in server.stop():
            print(error)
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
