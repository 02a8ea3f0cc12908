"""An OpenID Connect provider for one test: whoever asks to sign in is alice. It speaks what oauth2-proxy asks for
(discovery, authorization code, token, refresh, keys) and signs with a key of its own."""
import base64
import http.server
import json
import pathlib
import secrets
import subprocess
import threading
import time
import urllib.parse

# What it knows of the one who signs in.
ALICE = {"sub": "alice-1", "email": "alice@example.test", "email_verified": True, "preferred_username": "alice",
         "groups": ["developers"]}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Provider:
    # `token_bytes`: of an access token; with some 3,000 a session no longer fits into one cookie.
    def __init__(self, folder, client, token_bytes):
        self.client, self.token_bytes = client, token_bytes
        self.nonces = {}  # code -> nonce of its request
        self.refreshed = 0
        self.key = pathlib.Path(folder) / "provider.key"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.key],
                       check=True, capture_output=True)
        modulus = subprocess.run(["openssl", "rsa", "-in", self.key, "-noout", "-modulus"], check=True, capture_output=True)
        self.modulus = bytes.fromhex(modulus.stdout.decode().partition("=")[2].strip())
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.answer(self, urllib.parse.urlsplit(self.path), {})

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                provider.answer(self, urllib.parse.urlsplit(self.path), dict(urllib.parse.parse_qsl(body)))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()

    def answer(self, request, url, form):
        if url.path == "/authorize":
            query = dict(urllib.parse.parse_qsl(url.query))
            code = secrets.token_hex(8)
            self.nonces[code] = query.get("nonce")
            back = urllib.parse.urlencode({"code": code, "state": query["state"]})
            request.send_response(302)
            request.send_header("Location", f"{query['redirect_uri']}?{back}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        if url.path == "/token":
            status, content = self.token(form)
        else:
            status, content = {"/.well-known/openid-configuration": (200, self.configuration()),
                               "/keys": (200, self.keys())}.get(url.path, (404, {}))
        body = json.dumps(content).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def configuration(self):
        return {"issuer": self.url, "authorization_endpoint": self.url + "/authorize", "token_endpoint": self.url + "/token",
                "jwks_uri": self.url + "/keys", "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"]}

    def keys(self):
        return {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "one", "n": base64url(self.modulus), "e": "AQAB"}]}

    def token(self, form):
        nonce = None
        if form.get("grant_type") == "authorization_code":
            if form.get("code") not in self.nonces:
                return 400, {"error": "invalid_grant"}
            nonce = self.nonces.pop(form["code"])  # a code counts once
        elif form.get("grant_type") == "refresh_token" and form.get("refresh_token") == "again":
            self.refreshed += 1
        else:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {**ALICE, "iss": self.url, "aud": self.client, "iat": now, "exp": now + 3600}
        if nonce:
            claims["nonce"] = nonce
        return 200, {"token_type": "Bearer", "expires_in": 3600, "refresh_token": "again",
                     "access_token": secrets.token_hex(self.token_bytes // 2), "id_token": self.signed(claims)}

    def signed(self, claims):
        text = ".".join(base64url(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "one", "typ": "JWT"}, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text.encode(), check=True,
                                   capture_output=True).stdout
        return text + "." + base64url(signature)
