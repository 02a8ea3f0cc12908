#!/usr/bin/env python3
"""A real `weir serve` as a process: signals, and streams that nobody reads or that are closed.
usage: process.py --weir BINARY [NAME ...]

Every case is a function whose first line of documentation is the behaviour.
"""
import http.client
import os
import signal
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


if __name__ == "__main__":
    sys.exit(base.main(globals()))
