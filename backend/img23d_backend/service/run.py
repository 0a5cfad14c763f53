"""The running server: uvicorn with a clock for headers, a lock on its folder, its token, and a stop that lets running jobs end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn
from pydantic import SecretStr
from uvicorn.protocols.http.h11_impl import H11Protocol

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.errors import bad_request
from img23d_protocol.files.os_lock import LockState, try_lock
from img23d_protocol.files.whole_files import write_whole

from ..workers.pool import WarmUp, WorkerPool
from ..workers.recipe import places, recipe
from .app import MakePool, Service
from .settings import ServiceSettings

log = logging.getLogger(__name__)

_MOST_CONNECTIONS = 2000  # open at once; further ones are answered with 503
_IDLE_SECONDS = 15  # between two requests of a connection
_HEADER_BYTES = 32 * 1024
_TOKEN_BYTES = 24
_SWITCH_SECONDS = 0.0005  # until a thread that computes lets another one; Python's own are ten times as many, and a request changes threads often


@dataclass(frozen=True, kw_only=True)
class Started:
    """What a person has to know: `new_token` is one that was drawn just now or at an earlier start, empty where none was."""

    address: str
    new_token: str


def serve(settings: ServiceSettings, tell: Callable[[Started], None], make_pool: MakePool) -> int:
    """Run until the server is stopped; the exit code. Raises Img23DError."""
    lock = locked(settings.data)
    try:
        token, drawn = token_of(settings)
        service = Service(settings, token, make_pool)
        server = _Server(_config(service, settings), service, lambda port: tell(Started(address=_address(settings, port), new_token=drawn)))
        server.run()
        return 0 if server.started else 1
    finally:
        os.close(lock)


def own_workers(settings: ServiceSettings, warm_up: WarmUp) -> WorkerPool:
    """Of this machine."""
    cards = ",".join(map(str, settings.own_cards)) or settings.cards
    found = places(cards, settings.workers, together=bool(settings.own_cards))
    return WorkerPool(recipe(settings.python, settings.models), found, settings.data / "logs", warm_up=warm_up)


def _config(service: Service, settings: ServiceSettings) -> uvicorn.Config:
    return uvicorn.Config(
        service.app,
        host=settings.host,
        port=settings.port,
        http=_timed_protocol(settings.header_seconds),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # names of jobs are nobody else's business
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=int(settings.stop_seconds) + 5,
        h11_max_incomplete_event_size=_HEADER_BYTES,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.certificate_key,
    )


def _timed_protocol(seconds: float) -> type[H11Protocol]:
    """A connection on which no headers have come in time is closed: uvicorn itself waits for ever."""

    class Timed(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self.loop.call_later(seconds, self._close_unless_begun)

        def _close_unless_begun(self) -> None:
            if self.cycle is None and not self.transport.is_closing():
                self.transport.close()

    return Timed


class _Server(uvicorn.Server):
    """Tells the service of the signal that stops it, before uvicorn waits for what runs."""

    def __init__(self, config: uvicorn.Config, service: Service, tell: Callable[[int], None]) -> None:
        super().__init__(config)
        self._service = service
        self._tell = tell

    async def startup(self, sockets: list | None = None) -> None:
        await super().startup(sockets)
        sys.setswitchinterval(_SWITCH_SECONDS)
        gc.collect()
        gc.freeze()  # what was imported stays: no request waits until all of it has been looked through
        if self.started:
            self._tell(self.servers[0].sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list | None = None) -> None:
        self._service.stop()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A second Ctrl+C waits for nothing. Without uvicorn's own, which ends the process by the signal once all is done."""
        log.info("signal %d: the server is being stopped", sig)
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def token_of(settings: ServiceSettings) -> tuple[str, str]:
    """What clients have to know, empty where they need to know nothing, and the same where it is to be told. Raises Img23DError."""
    if settings.token is not None:
        return _usable(settings.token), ""
    if not settings.needs_token:
        return "", ""
    path = settings.data / "token"
    try:
        token = path.read_text(encoding="ascii").strip()
    except OSError:
        token = ""
    if not token:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        write_whole(path, token.encode() + b"\n", durable=True, private=True)
    return token, token


def _usable(token: SecretStr) -> str:
    text = token.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text or len(text) < 8:
        raise bad_request("The token must have at least 8 letters, digits or signs, and no blanks.")
    return text


def locked(folder: Path) -> int:
    """Two servers on one folder would do every job twice. Raises Img23DError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Img23DError(ErrorCode.FOLDER_UNWRITABLE, f"The folder “{folder}” cannot be written: choose another one.", str(error)) from error
    if try_lock(descriptor) is LockState.HELD:
        os.close(descriptor)
        raise Img23DError(ErrorCode.BUSY, f"Another server uses the folder “{folder}”: stop it, or choose another folder.")
    return descriptor


def _address(settings: ServiceSettings, port: int) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{'https' if settings.certificate else 'http'}://{host}:{port}"
