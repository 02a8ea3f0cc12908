"""drop_and_exec.py FOLDER none|net_bind_service PROGRAM ARGUMENT...: what a container runtime does before it starts a
program: brings the loopback device up, changes the root, drops all capabilities but the named one from the bounding
and the permitted set, forbids new privileges, takes the account 101:82, and execs. Its environment is the JSON
object in CONTAINER_ENVIRONMENT, and PATH."""
import ctypes
import fcntl
import json
import os
import socket
import struct
import sys

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_KEEPCAPS = 24, 38, 8
CAP_NET_BIND_SERVICE, CAP_LAST = 10, 40
SIOCSIFFLAGS, IFF_UP = 0x8914, 1

folder, kept, *command = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
os.chroot(folder)
os.chdir("/")
for capability in range(CAP_LAST + 1):
    if kept == "none" or capability != CAP_NET_BIND_SERVICE:
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
os.setgroups([])
os.setresgid(82, 82, 82)
os.setresuid(101, 101, 101)
# Permitted and inheritable as a container runtime leaves them; an exec without ambient capabilities loses them unless
# the file permits them.
mask = 0 if kept == "none" else 1 << CAP_NET_BIND_SERVICE
header = struct.pack("Ii", 0x20080522, 0)
if libc.capset(header, struct.pack("IIIIII", mask, mask, 0, 0, 0, 0)) != 0:
    raise OSError(ctypes.get_errno(), "capset")
libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
given = json.loads(os.environ["CONTAINER_ENVIRONMENT"])
os.execve(command[0], command, {"PATH": "/usr/bin", **given})
