#!/usr/bin/env python3
"""The real oauth2-proxy decides for Weir, over verified https: sign-in, sessions in several cookies, refusals.

usage: run.py --weir BINARY
Exit 77: oauth2-proxy cannot be built here. Everything talks over loopback; the browser of this test takes every name
below example.test for Weir.
"""
import argparse
import base64
import os
import pathlib
import re
import secrets
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))
import run as scenario  # noqa: E402
from provider import Provider  # noqa: E402

CLIENT = "weir-test"
APP, AUTH = "app.example.test", "auth.example.test"
# Annotations as an ingress-nginx user has them; rd is the reference guide's.
GUARDED = {"auth-url": "https://localhost:{port}/oauth2/auth",
           "auth-signin": f"https://{AUTH}/oauth2/start?rd=$scheme://$host$request_uri",
           "auth-response-headers": "X-Auth-Request-User, X-Auth-Request-Email, X-Auth-Request-Groups, "
                                    "X-Auth-Request-Preferred-Username",
           "proxy-buffer-size": "16k"}


class Failed(Exception):
    pass


def check(what, wanted, got):
    if wanted != got:
        raise Failed(f"{what}: want {wanted!r}, got {got!r}")


class World(scenario.Scenario):
    """Weir with two hosts: the guarded one, and the one under which browsers reach oauth2-proxy."""

    def __init__(self, weir, port):
        self.weir, self.keep, self.upstreams, self.process, self.variables = weir, False, {}, None, {}
        annotations = {k: v.format(port=port) for k, v in GUARDED.items()}
        admins = {**annotations, "auth-url": annotations["auth-url"] + "?allowed_groups=admins"}
        tls = [{"hosts": [APP, AUTH], "secretName": "site"}]
        self.data = {
            "pki": {"ca": {}, "site": {"by": "ca", "names": [APP, AUTH]}, "proxy": {"by": "ca", "names": ["localhost"]}},
            "system_ca": "ca",
            "secrets": {"site": {"tls": "site"}},
            "objects": list(scenario.service_objects("oauth2-proxy", port, {})),
            "ingresses": [
                {"name": "app", "host": APP, "annotations": annotations, "paths": {"/": "web"}, "tls": tls},
                {"name": "admin", "host": APP, "annotations": admins, "paths": {"/admin": "web"}, "tls": tls},
                {"name": "auth", "host": AUTH, "paths": {"/oauth2": "oauth2-proxy"}, "tls": tls,
                 "annotations": {"backend-protocol": "HTTPS", "proxy-buffer-size": "16k"}}]}


class Browser:
    """Keeps cookies for example.test; follows nothing by itself."""

    def __init__(self, world):
        self.world, self.cookies = world, {}
        self.context = ssl.create_default_context(cafile=world.pki.path("ca"))

    def get(self, url, **headers):
        parts = urllib.parse.urlsplit(url)
        ours = parts.hostname.endswith(".example.test")
        port = (self.world.https if parts.scheme == "https" else self.world.http) if ours else parts.port
        with socket.create_connection(("127.0.0.1", port), timeout=scenario.DEADLINE) as connection:
            if parts.scheme == "https":
                connection = self.context.wrap_socket(connection, server_hostname=parts.hostname)
            fields = {"Host": parts.netloc, "Connection": "close", **headers}
            if ours and self.cookies:
                fields["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            text = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            connection.sendall(f"GET {target} HTTP/1.1\r\n{text}\r\n".encode())
            answer = scenario.read_message(connection.makefile("rb"))
            if answer is None:
                raise Failed(f"{url}: no answer")
        answer.status = int(answer.start.split(" ")[1])
        for line in answer.values("Set-Cookie"):
            self.keep(line)
        return answer

    def keep(self, line):
        name, value = line.partition(";")[0].split("=", 1)
        if not value or re.search(r"max-age=0|max-age=-|expires=\w+, \d\d \w+ (19|200)", line, re.I):
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


def wait_for(what, condition):
    deadline = time.monotonic() + scenario.DEADLINE
    while time.monotonic() < deadline:
        if got := condition():
            return got
        time.sleep(0.1)
    raise Failed(f"{what}: not within {scenario.DEADLINE} s")


def start_oauth2_proxy(program, world, provider, port):
    key = world.pki.path("proxy", "key")
    flags = {"https-address": f"127.0.0.1:{port}",
             "tls-cert-file": world.pki.path("proxy"), "tls-key-file": key, "provider": "oidc", "oidc-issuer-url": provider.url,
             "client-id": CLIENT, "client-secret": secrets.token_hex(8), "redirect-url": f"https://{AUTH}/oauth2/callback",
             "cookie-secret": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(), "cookie-domain": ".example.test",
             "whitelist-domain": ".example.test", "cookie-refresh": "1s", "cookie-expire": "1h", "email-domain": "*",
             "upstream": "static://202", "set-xauthrequest": "true", "reverse-proxy": "true", "skip-provider-button": "true"}
    log = open(world.work / "oauth2-proxy.log", "wb")
    process = subprocess.Popen([program, *(f"--{name}={value}" for name, value in flags.items())], stdout=log, stderr=log,
                               env={"PATH": os.environ["PATH"]})

    def is_ready():
        if process.poll() is not None:
            raise Failed("oauth2-proxy ended: " + (world.work / "oauth2-proxy.log").read_text()[-1500:])
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            return False

    wait_for("oauth2-proxy listens", is_ready)
    return process


def sign_in(browser, web, page):
    refused = browser.get(page)
    check("status without a session", 302, refused.status)
    check("the way to sign in", [f"https://{AUTH}/oauth2/start?rd={page}"], refused.values("Location"))
    check("requests at the application before sign-in", 0, len(web.seen))
    at = refused.values("Location")[0]
    for step in ("start", "provider", "callback"):
        answer = browser.get(at)
        check(f"status of {step}", 302, answer.status)
        at = answer.values("Location")[0]
    check("the way back", page, at)
    names = sorted(line.partition("=")[0] for line in answer.values("Set-Cookie"))
    check("a session larger than one cookie comes as two", ["_oauth2_proxy_0", "_oauth2_proxy_1"],
          [name for name in names if not name.endswith("csrf")])


def run_cases(world, provider, proxy):
    web = world.upstreams["web"]
    browser = Browser(world)
    page = f"https://{APP}/a/b?x=1"
    sign_in(browser, web, page)

    answer = browser.get(page, **{"X-Auth-Request-User": "mallory", "X-Auth-Request-Groups": "admins"})
    check("status with a session", 200, answer.status)
    seen = web.seen[-1]
    for name, wanted in (("User", "alice-1"), ("Email", "alice@example.test"), ("Groups", "developers"),
                         ("Preferred-Username", "alice")):
        check(f"X-Auth-Request-{name} at the application", [wanted], seen.values(f"X-Auth-Request-{name}"))

    def refreshed():
        answer = browser.get(page)
        check("status while the session is renewed", 200, answer.status)
        return answer.values("Set-Cookie")

    before = dict(browser.cookies)
    lines = wait_for("the renewed session reaches the browser", refreshed)
    check("cookies of the renewed session", ["_oauth2_proxy_0", "_oauth2_proxy_1"],
          sorted(line.partition("=")[0] for line in lines))
    check("they are new", False, before == browser.cookies)
    check("the provider renewed it", True, provider.refreshed > 0)
    check("status with the renewed session", 200, browser.get(page).status)

    count = len(web.seen)
    check("status for another group", 403, browser.get(f"https://{APP}/admin").status)
    session = dict(browser.cookies)
    browser.get(f"https://{AUTH}/oauth2/sign_out")
    check("status after sign-out", 302, browser.get(page).status)
    browser.cookies = {**session, "_oauth2_proxy_0": "forged" + session["_oauth2_proxy_0"]}
    check("status with a forged session", 302, browser.get(page).status)
    proxy.terminate()
    proxy.wait(timeout=scenario.DEADLINE)
    browser.cookies = session
    check("status while oauth2-proxy is away", 500, browser.get(page).status)
    check("none of these reached the application", count, len(web.seen))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    options = parser.parse_args()
    built = subprocess.run([HERE / "build"], stdout=subprocess.PIPE, text=True)
    if built.returncode != 0:
        return built.returncode
    problems = attempt(os.path.abspath(options.weir), built.stdout.strip())
    for problem in problems:
        print(f"FAIL: {problem}")
    if not problems:
        print("ok: oauth2-proxy decides, its sessions and headers arrive")
    return 1 if problems else 0


def attempt(weir, program):
    """What went wrong."""
    port = scenario.free_port()
    world = World(weir, port)
    provider = proxy = None
    problems = []
    try:
        world.start()
        provider = Provider(world.work, CLIENT, 3000)
        proxy = start_oauth2_proxy(program, world, provider, port)
        run_cases(world, provider, proxy)
    except (Failed, scenario.Failed, OSError) as error:
        problems.append(f"{error}\nlog of weir:\n{world.log_text()}")
        if proxy:
            problems.append("log of oauth2-proxy:\n" + (world.work / "oauth2-proxy.log").read_text()[-2000:])
    finally:
        if proxy and proxy.poll() is None:
            proxy.kill()
            proxy.wait()
        if provider:
            provider.stop()
    return problems + world.stop()


if __name__ == "__main__":
    sys.exit(main())
