"""Ports on loopback that nobody else takes.

Weir listens with SO_REUSEPORT, so that two instances which were given the same port would both get it and share its
connections. Asking the kernel for any free port and giving it back leaves time for that: another test, or a connection
that goes out, may be given it before Weir listens. Each process takes a block of ports for itself (a lock in the folder of
temporary files), below those that the kernel hands out, and goes through it.
"""
import fcntl
import itertools
import pathlib
import socket
import tempfile
import threading

FIRST, SIZE, BLOCKS = 20000, 400, 30  # up to 31999; Linux hands out 32768 and more
MUTEX = threading.Lock()
PORTS = None
LOCK = None  # an open file: ours for as long as the process lives


def take_block():
    global LOCK
    folder = pathlib.Path(tempfile.gettempdir()) / "weir-test-ports"
    folder.mkdir(exist_ok=True)
    for block in range(BLOCKS):
        LOCK = open(folder / str(block), "w", encoding="ascii")
        try:
            fcntl.flock(LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return itertools.cycle(range(FIRST + block * SIZE, FIRST + (block + 1) * SIZE))
        except BlockingIOError:
            LOCK.close()
    raise RuntimeError(f"{BLOCKS} test programs run already")


def is_free(port, kind):
    with socket.socket(type=kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that was used a moment ago is free
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def free_port(kind=socket.SOCK_STREAM):
    global PORTS
    with MUTEX:
        PORTS = PORTS or take_block()
        for port in itertools.islice(PORTS, SIZE):
            if is_free(port, kind):
                return port
    raise RuntimeError("no port is free")
