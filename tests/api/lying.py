"""A provider of OpenID Connect that lies, on a real port, and its lies."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


class Liar:
    """Speaks the protocol; what it says of itself and in its tokens is as a test wants it."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.token: Callable[[str], str] = lambda nonce: self.signed(nonce)
        self.about: dict[str, Any] = {}
        self.asked: list[str] = []
        self.keys = [self.public("one", self.key)]
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                liar.asked.append(self.path)
                self.answer(liar.discovery() if "openid" in self.path else {"keys": liar.keys} if "jwks" in self.path else {"sub": "other", "email": "x@y", "email_verified": True})

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.answer({"access_token": "a", "token_type": "Bearer", "id_token": liar.token(form["code"][0])})

            def answer(self, said: dict[str, Any]) -> None:
                body = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()

    def discovery(self) -> dict[str, Any]:
        names = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks", "userinfo_endpoint": "/userinfo"}
        return {"issuer": self.url} | {name: self.url + path for name, path in names.items()} | self.about

    def public(self, name: str, key: rsa.RSAPrivateKey) -> dict[str, Any]:
        return dict(json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))) | {"kid": name, "alg": "RS256"}

    def claims(self, sent: str, /, **said: Any) -> dict[str, Any]:
        now = int(time.time())
        return {"iss": self.url, "aud": "autonomos", "sub": "s", "iat": now, "exp": now + 60, "nonce": sent, "email": "a@b.example", "email_verified": True} | said

    def signed(self, sent: str, /, *, headers: dict[str, Any] | None = None, key: Any = None, alg: str = "RS256", without: str = "", **said: Any) -> str:
        claims = {name: value for name, value in self.claims(sent, **said).items() if name != without}
        return jwt.encode(claims, key or self.key, algorithm=alg, headers={"kid": "one"} | (headers or {}))


def by_hand(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    def part(said: bytes) -> str:
        return base64.urlsafe_b64encode(said).decode().rstrip("=")

    return f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}.{part(signature)}"


def lies(liar: Liar) -> dict[str, Callable[[str], str]]:
    now, stranger = int(time.time()), rsa.generate_private_key(65537, 2048)
    pem = liar.keys[0]["n"].encode()
    return {
        "alg none": lambda n: by_hand({"alg": "none", "kid": "one"}, liar.claims(n)),
        "alg nOnE": lambda n: by_hand({"alg": "nOnE", "kid": "one"}, liar.claims(n)),
        "HS256 with the public key": lambda n: liar.signed(n, key=pem, alg="HS256"),
        "HS256 with the client's secret": lambda n: liar.signed(n, key=b"secret" * 8, alg="HS256"),
        "a stranger's key": lambda n: liar.signed(n, key=stranger),
        "a stranger's key in its header": lambda n: liar.signed(n, key=stranger, headers={"jwk": liar.public("one", stranger)}),
        "a stranger's key elsewhere": lambda n: liar.signed(n, key=stranger, headers={"kid": "two", "jku": "https://evil.example/jwks"}),
        "no key's name that is known": lambda n: liar.signed(n, headers={"kid": "gone"}),
        "another algorithm than signed": lambda n: liar.signed(n, alg="RS384").replace("RS384", "RS256") + "x",
        "another audience": lambda n: liar.signed(n, aud="another"),
        "no audience": lambda n: liar.signed(n, without="aud"),
        "for another among several": lambda n: liar.signed(n, aud=["autonomos", "another"], azp="another"),
        "several without saying for whom": lambda n: liar.signed(n, aud=["autonomos", "another"]),
        "given to another": lambda n: liar.signed(n, azp="another"),
        "another issuer": lambda n: liar.signed(n, iss="https://evil.example"),
        "no issuer": lambda n: liar.signed(n, without="iss"),
        "another nonce": lambda n: liar.signed(n, nonce="another"),
        "no nonce": lambda n: liar.signed(n, without="nonce"),
        "expired": lambda n: liar.signed(n, iat=now - 700, exp=now - 60),
        "no end": lambda n: liar.signed(n, without="exp"),
        "issued tomorrow": lambda n: liar.signed(n, iat=now + 86400, exp=now + 90000),
        "not before tomorrow": lambda n: liar.signed(n, nbf=now + 86400),
        "nobody": lambda n: liar.signed(n, without="sub"),
        "an empty subject": lambda n: liar.signed(n, sub=""),
        "a subject that is a number": lambda n: liar.signed(n, sub=7),
        "no token": lambda n: "",
        "a list": lambda n: "[]",
        "three dots": lambda n: "...",
    }
