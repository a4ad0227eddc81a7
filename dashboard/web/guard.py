import hashlib
import hmac
import json
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "suhu_dashboard"
COOKIE_AGE_S = 30 * 24 * 3600
OPEN_PATHS = frozenset({"/healthz"})  # says nothing of the plant; container engines and systemd ask it
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; "
    "media-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
LET_IN = b'<!doctype html><title>Suhu</title><a href="/">/</a>'
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Guard:
    """Stands before every answer: the name the page is asked for under, the method, the token, the headers.

    Args:
        allowed_hosts: see settings.hosts.
        token: None: everybody who gets here may look.
        secure: whether there is TLS; then the cookie never travels without.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str], token: str | None, *, secure: bool) -> None:
        self._app = app
        self._allowed_hosts = frozenset(allowed_hosts)
        self._token = token
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # no WebSocket: uvicorn refuses it when nobody accepts
        send = _with_headers(send, secure=self._secure)
        headers = Headers(scope=scope)
        host = host_of(headers.get("host", ""))
        if host not in self._allowed_hosts:
            words = f"the dashboard is not served under the name {host[:100]!r}: allow it with --allow-host"
            await _refuse(send, 400, words)
        elif scope["method"] not in {"GET", "HEAD"}:
            await _refuse(send, 405, "the dashboard can only be looked at: GET", {"allow": "GET, HEAD"})
        elif self._token is None or scope["path"] in OPEN_PATHS or self._is_known(headers):
            await self._app(scope, receive, send)
        elif scope["path"] == "/" and self._has_token(scope):
            await self._let_in(send)
        else:
            words = "the dashboard wants its token: open /?token=…, or send Authorization: Bearer …"
            await _refuse(send, 401, words, {"www-authenticate": "Bearer"})

    def _is_known(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(given.strip()):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and hmac.compare_digest(cookie.value.encode(), self._pass().encode())

    def _has_token(self, scope: Scope) -> bool:
        given = QueryParams(scope["query_string"]).getlist("token")
        return len(given) == 1 and self._is_token(given[0])

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), (self._token or "").encode())

    def _pass(self) -> str:
        """What the cookie holds: made of the token, which it does not tell."""
        return hmac.new((self._token or "").encode(), b"suhu-dashboard cookie", hashlib.sha256).hexdigest()

    async def _let_in(self, send: Send) -> None:
        """Give the cookie, and have the token vanish from the address bar.

        By a page that goes on by itself: after a redirect, a browser that came here by a link from elsewhere would not
        send a cookie of SameSite=Strict.
        """
        cookie = f"{COOKIE}={self._pass()}; Max-Age={COOKIE_AGE_S}; Path=/; HttpOnly; SameSite=Strict"
        cookie += "; Secure" if self._secure else ""
        told = {"refresh": "0; url=/", "content-type": "text/html; charset=utf-8", "cache-control": "no-store"}
        await _answer(send, 200, LET_IN, told | {"set-cookie": cookie})


def host_of(header: str) -> str:
    """The name in a Host header, without port and brackets, in lower case."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


async def _refuse(send: Send, status: int, words: str, headers: dict[str, str] | None = None) -> None:
    body = json.dumps({"error": words}, ensure_ascii=False).encode()
    await _answer(
        send, status, body, {"content-type": "application/json", "cache-control": "no-store", **(headers or {})}
    )


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    told = [(name.encode(), value.encode()) for name, value in {**headers, "content-length": str(len(body))}.items()]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Send, *, secure: bool) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if secure:
                headers["strict-transport-security"] = "max-age=31536000"
        await send(message)

    return sending
