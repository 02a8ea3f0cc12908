#!/usr/bin/env python3
"""A real `weir serve` as a process: signals, and streams that nobody reads or that are closed.
usage: process.py --weir BINARY [NAME ...]

Every case is a function whose first line of documentation is the behaviour.
"""
import http.client
import os
import signal
import subprocess
import sys

import port_services as base
from port_services import Weir, check, equal, eventually


def ask(weir, path):
    """The status of a request to the catch-all host, which is logged."""
    connection = http.client.HTTPConnection("127.0.0.1", weir.http, timeout=base.PATIENCE)
    connection.request("GET", path, headers={"Host": "nobody.example"})
    status = connection.getresponse().status
    connection.close()
    return status


LOGGED = {"enable-access-log-for-default-backend": "true"}


def case_log_files_are_opened_again(folder):
    """SIGUSR1 opens the files of the access log again: lines go to a new one where the old one was renamed."""
    weir = Weir(folder, settings=LOGGED)
    equal(ask(weir, "/first"), 404, "status")
    weir.line("GET /first ")
    renamed = folder / "access.log.1"
    weir.log_path.rename(renamed)
    weir.process.send_signal(signal.SIGUSR1)
    weir.says("log files are opened again")
    equal(ask(weir, "/second"), 404, "status")
    weir.line("GET /second ")
    check("/second" not in renamed.read_text(), "a line in the file that was renamed")
    return weir


def case_closed_streams(folder):
    """Where the standard streams are closed no socket takes their numbers: lines are lost and counted, requests are served."""
    launcher = folder / "weir"
    launcher.write_text(f'#!/bin/sh\nexec "{base.WEIR}" "$@" <&- >&- 2>&-\n')
    launcher.chmod(0o755)
    real, base.WEIR = base.WEIR, str(launcher)
    try:
        weir = Weir(folder, settings=LOGGED | {"access-log-path": "/dev/stdout"})
    finally:
        base.WEIR = real
    for _ in range(3):
        equal(ask(weir, "/x"), 404, "status")
    equal([os.readlink(f"/proc/{weir.process.pid}/fd/{fd}") for fd in range(3)], ["/"] * 3, "standard streams")
    eventually(lambda: 'weir_access_log_lines_dropped_total' in weir.get("/metrics") and
               weir.metric("weir_access_log_lines_dropped_total") == 3, "three lines are counted as lost")
    return weir


def case_output_that_cannot_be_written(folder):
    """A command whose output is lost says so and ends with 2; one whose reader has read enough does not."""
    manifest = folder / "a.yaml"
    manifest.write_text("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}")
    with open("/dev/full", "w") as full:
        done = subprocess.run([base.WEIR, "check", manifest], stdout=full, stderr=subprocess.PIPE, text=True, timeout=base.PATIENCE)
    equal((done.returncode, done.stderr), (2, "weir: the output could not be written: No space left on device\n"), "a full disk")
    reading, writing = os.pipe()
    os.close(reading)
    ignored = lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # noqa: E731
    done = subprocess.run([base.WEIR, "check", manifest], stdout=writing, stderr=subprocess.PIPE, text=True, timeout=base.PATIENCE, preexec_fn=ignored)
    os.close(writing)
    equal((done.returncode, done.stderr), (0, ""), "a reader that is gone")


if __name__ == "__main__":
    sys.exit(base.main(globals()))
