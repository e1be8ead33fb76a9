"""Signing in at an OpenID Connect server: a tiny one of our own, over real HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient
from jwt.algorithms import RSAAlgorithm

from runtime.web.factory import create_app
from runtime.web.settings import WebSettings
from tests.web.conftest import PASSWORD, Shop
from tests.web.test_auth import ME, csrf_of

CLIENT, SECRET = "shopwright", "only the two of us know"


class Provider(ThreadingHTTPServer):
    """An OpenID Connect server on which `person` is signed in already."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.key = rsa.generate_private_key(65537, 2048)
        self.stranger = rsa.generate_private_key(65537, 2048)
        self.person, self.nonce, self.audience, self.forged = "ann", "", CLIENT, False

    def id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": "17", "aud": self.audience, "iat": now, "exp": now + 300,
            "nonce": self.nonce, "preferred_username": self.person,
        }  # fmt: skip
        key = self.stranger if self.forged else self.key
        return jwt.encode(claims, key, "RS256", headers={"kid": "one"})


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        issuer = self.server.issuer
        if self.path == "/keys":
            public = json.loads(RSAAlgorithm.to_jwk(self.server.key.public_key()))
            self._send({"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]})
        else:
            self._send(
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token",
                    "jwks_uri": f"{issuer}/keys",
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            )

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        token = {"access_token": "a", "token_type": "Bearer", "id_token": self.server.id_token()}
        self._send(token)

    def _send(self, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *words: Any) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(shop: Shop, provider: Provider) -> FlaskClient:
    told = WebSettings(
        sign_in_url=provider.issuer, sign_in_client=CLIENT, sign_in_secret=SECRET, front=False
    )
    return create_app(shop.runtime, told).test_client()


def go_there(client: FlaskClient, provider: Provider, target: str = "/") -> str:
    """Follow the link of the sign-in page; return the address the server sends people back to."""
    page = client.get("/login/")
    assert "/login/account" in page.text
    sent = client.get("/login/account", query_string={"next": target})
    address = urlsplit(sent.headers["Location"])
    asked = {key: values[0] for key, values in parse_qs(address.query).items()}
    assert (address.path, asked["client_id"]) == ("/authorize", CLIENT)
    provider.nonce = asked["nonce"]
    back = urlsplit(asked["redirect_uri"])
    assert back.path == "/oauth-authorized/account"
    return f"{back.path}?code=once&state={asked['state']}"


def test_somebody_known_signs_in_elsewhere_and_signing_out_ends_every_copy(
    client: FlaskClient, provider: Provider
) -> None:
    back = client.get(go_there(client, provider, "/customer/"))
    assert (back.status_code, back.headers["Location"]) == (302, "/customer/")
    assert client.get(ME).json["data"]["name"] == "ann"
    copied = client.get_cookie("session")
    assert copied is not None
    client.post("/logout/", data={"csrf_token": csrf_of(client, "/customer/")})
    thief = client.application.test_client()
    thief.set_cookie("session", copied.value)
    assert thief.get(ME).status_code == 401


@pytest.mark.parametrize("fault", ["unknown", "forged", "audience", "nonce", "state", "nobody"])
def test_nobody_else_is_let_in(client: FlaskClient, provider: Provider, fault: str) -> None:
    back = go_there(client, provider)
    if fault == "unknown":
        provider.person = "somebody-else"
    elif fault == "nobody":
        provider.person = ""
    elif fault == "forged":
        provider.forged = True
    elif fault == "audience":
        provider.audience = "another-shop"
    elif fault == "nonce":
        provider.nonce = "of yesterday"
    else:
        back = back.partition("&state=")[0] + "&state=made.up.here"
    answer = client.get(back)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/")
    assert client.get(ME).status_code == 401


def test_a_password_kept_here_opens_nothing_when_people_sign_in_elsewhere(
    client: FlaskClient,
) -> None:
    asked = {"username": "ann", "password": PASSWORD}
    assert client.post("/api/v1/security/login", json=asked).status_code == 401
