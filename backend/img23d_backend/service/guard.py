"""What every request passes before anything is done with it: who asks, from which page, how much, and how slowly."""

from __future__ import annotations

import asyncio
import hmac
import logging
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .settings import ServiceSettings

log = logging.getLogger(__name__)

OPEN_PATHS = ("/", "/health", "/openapi.json")  # of these nobody learns anything, and nobody can do anything
OPEN_FOLDER = "/page/"
_BODY = "img23d.body"  # in the scope
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_DRAIN_BYTES, _DRAIN_SECONDS = 8 * 2**20, 5.0  # read and thrown away, so that the client hears the refusal and no broken connection
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'self'; img-src 'self' blob: data:; connect-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"),
]


class Refused(Exception):
    """The request is answered with this status and sentence."""

    def __init__(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = headers or {}


@dataclass(kw_only=True)
class _Body:
    """What has come of a request, and when the next of it is due."""

    receive: Receive
    settings: ServiceSettings
    deadline: float
    seen: int = 0
    is_whole: bool = False

    async def __call__(self) -> Message:
        """Raises Refused for too much or too slow."""
        if self.is_whole:
            return await self.receive()  # only the client's leaving can come now, whenever it likes
        try:
            async with asyncio.timeout_at(min(self.deadline, asyncio.get_running_loop().time() + self.settings.body_seconds)):
                message = await self.receive()
        except TimeoutError as error:
            raise Refused(408, "The request came too slowly: send it again.", {"connection": "close"}) from error
        self.seen += len(message.get("body", b""))
        self.is_whole = not message.get("more_body", False)
        if self.seen > self.settings.max_bytes:
            raise _too_large(self.settings)
        return message


class Guard:
    """An ASGI application around the server's own."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings, token: str) -> None:
        self._app = app
        self._settings = settings
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        body = _Body(receive=receive, settings=self._settings, deadline=loop.time() + self._settings.request_seconds)
        scope[_BODY], answer = body, _Answer(send, self._settings.body_seconds)
        try:
            self._check(Headers(scope=scope), scope["path"], scope["method"])
        except Refused as error:
            response = await refused(Request(scope), error)
            await response(scope, receive, answer)
            return
        try:
            await self._app(scope, body, answer)
        except (ClientDisconnect, TimeoutError):
            log.info("a client went away, or does not read its answer")

    def _check(self, headers: Headers, path: str, method: str) -> None:
        """Raises Refused."""
        self._check_page(headers)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._settings.max_bytes:
            raise _too_large(self._settings)
        if self._token and method != "OPTIONS" and path not in OPEN_PATHS and not path.startswith(OPEN_FOLDER):
            self._check_token(headers.get("authorization", ""))

    def _check_page(self, headers: Headers) -> None:
        """Pages of other places must not use a browser to get here: neither by a form, nor by a name that they point at this machine."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._token and _name_of(host) not in (*_LOCAL_NAMES, *self._settings.hosts) and self._settings.is_loopback:
            raise Refused(403, "This server answers to the names of its own machine only.")
        if origin is not None and origin not in self._settings.origins and urlsplit(origin).netloc != host:
            raise Refused(403, "Pages of other places may not use this server.")

    def _check_token(self, given: str) -> None:
        kind, _, token = given.partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(token.strip().encode("utf-8", "replace"), self._token):
            raise Refused(401, "This server asks for its token: Authorization: Bearer …", {"www-authenticate": 'Bearer realm="img23d"'})


class _Answer:
    """The way to the client, which has to read now and then."""

    def __init__(self, send: Send, seconds: float) -> None:
        self._send = send
        self._seconds = seconds

    async def __call__(self, message: Message) -> None:
        """Raises TimeoutError where the client does not read."""
        if message["type"] == "http.response.start":
            known = {name for name, _ in message.get("headers", ())}
            message["headers"] = [*message.get("headers", ()), *(one for one in _HEADERS if one[0] not in known)]
        async with asyncio.timeout(self._seconds):
            await self._send(message)


async def refused(request: Request, error: Exception) -> Response:
    """The answer, once what is left of the request was read and thrown away: else its sender sees a broken connection."""
    assert isinstance(error, Refused)
    if error.status != HTTPStatus.REQUEST_TIMEOUT:
        await _drain(request.scope[_BODY])
    return JSONResponse({"detail": error.sentence}, status_code=error.status, headers=error.headers)


async def _drain(body: _Body) -> None:
    left = _DRAIN_BYTES
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while not body.is_whole and left > 0:
                message = await body.receive()
                if message["type"] == "http.disconnect":
                    return
                left -= len(message.get("body", b""))
                body.is_whole = not message.get("more_body", False)
    except TimeoutError:
        return


def _too_large(settings: ServiceSettings) -> Refused:
    return Refused(413, f"The request has more than the {settings.max_bytes / 2**20:,.0f} MB that this server takes: send a smaller picture.")


def _name_of(host: str) -> str:
    """Without the port; brackets are of IPv6."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
