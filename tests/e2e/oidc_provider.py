"""An OpenID Connect provider on loopback, for tests: anybody may choose to be anybody.

It has what the code flow needs: discovery, keys, an authorisation page with one link an account,
the token endpoint with client authentication and PKCE, and the end of the session.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "mentionstudy", "the-secret-of-the-client"


class Provider:
    """The provider's memory: who can log in, and what it was asked."""

    def __init__(self, accounts: Mapping[str, Mapping[str, Any]]) -> None:
        self.accounts = accounts
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.signing_key = self.key
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.url = ""

    def metadata(self) -> dict[str, Any]:
        """Return the discovery document."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorise(self, query: dict[str, str], account: str) -> str:
        """Return where an account's browser goes with its code."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**query, "account": account}
        return query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Exchange a code once, for the client that proves itself and its verifier."""
        given = authorization.removeprefix("Basic ")
        basic = base64.b64decode(given).decode() if given else ""
        if f"{CLIENT}:{SECRET}" not in (
            basic,
            f"{form.get('client_id')}:{form.get('client_secret')}",
        ):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            asked is None
            or asked["redirect_uri"] != form.get("redirect_uri")
            or asked["code_challenge"] != challenge
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": asked["account"],
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            **self.accounts[asked["account"]],
        }
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signing_key)
        return 200, {
            "access_token": secrets.token_urlsafe(16),
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": signed,
        }


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: str, kind: str, **headers: str) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _json(self, status: int, content: object) -> None:
        self._answer(status, json.dumps(content), "application/json")

    def do_GET(self) -> None:
        """Answer discovery, keys, the authorisation page and the end of a session."""
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        self.provider.asked.append(parts.path)
        if parts.path == "/.well-known/openid-configuration":
            self._json(200, self.provider.metadata())
        elif parts.path == "/jwks":
            self._json(200, {"keys": [self.provider.key.as_dict(private=False)]})
        elif parts.path == "/authorize":
            rows = [
                f'<p><a href="{self.provider.authorise(query, name)}">{name}</a></p>'.replace(
                    "&state", "&amp;state"
                )
                for name in self.provider.accounts
            ]
            self._answer(200, f"<h1>Who are you?</h1>{''.join(rows)}", "text/html")
        elif parts.path == "/logout":
            back = query["post_logout_redirect_uri"]
            self._answer(302, "", "text/html", Location=back)
        else:
            self._answer(204, "", "text/plain")

    def do_POST(self) -> None:
        """Answer the token endpoint."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {key: values[0] for key, values in parse_qs(body).items()}
        self.provider.asked.append(urlsplit(self.path).path)
        self._json(*self.provider.token(form, self.headers.get("Authorization", "")))


@contextmanager
def provide(accounts: Mapping[str, Mapping[str, Any]]) -> Iterator[Provider]:
    """Run a provider on a free loopback port."""
    provider = Provider(accounts)
    handler = type("Handler", (_Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
