"""A server that says whatever a test wants, over real sockets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from img23d_protocol import PROTOCOL_VERSION

JOB = "a" * 32
STATUS = {
    "protocol": PROTOCOL_VERSION,
    "version": "0.1.0",
    "hello": {"kind": "Hello", "protocol": PROTOCOL_VERSION, "backend": "0.1.0", "python": "3.11", "pid": 1},
    "status": {"kind": "Status", "devices": [{"id": "cpu", "label": "Processor"}]},
    "workers": [],
    "queue": {"waiting": 0, "limit": 8, "again_seconds": 1},
    "forecasts": [],
}
Handler = BaseHTTPRequestHandler


class OddServer:
    """`events` are the messages of its one job, `files` by name what answers for it: bytes, or a function of the handler."""

    def __init__(self) -> None:
        self.status: Any = STATUS
        self.events: list[dict[str, Any]] = []
        self.files: dict[str, bytes | Callable[[Handler], None]] = {}
        self.special: dict[str, Callable[[Handler], None]] = {}  # by the beginning of a path
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        odd = self

        class _Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                odd.answer(self)

            do_POST = do_DELETE = do_GET

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: Handler) -> None:
        self.asked.append((handler.command, handler.path, dict(handler.headers)))
        left = int(handler.headers.get("Content-Length", 0))
        while left > 0:
            left -= len(handler.rfile.read(min(left, 65536)))
        for begin, do in self.special.items():
            if handler.path.startswith(begin):
                do(handler)
                return
        path = handler.path.partition("?")[0]
        if path == "/v1/status":
            send(handler, json.dumps(self.status).encode())
        elif path == "/v1/jobs":
            send(handler, json.dumps({"id": JOB, "position": -1}).encode(), 201)
        elif path == f"/v1/jobs/{JOB}":
            send(handler, json.dumps({"id": JOB, "state": "running"}).encode())
        elif path.endswith("/events"):
            after = int(handler.path.partition("after=")[2] or 0)
            lines = [f"id: {number}\ndata: {json.dumps({'job': JOB, **one})}\n\n" for number, one in enumerate(self.events, 1) if number > after]
            send(handler, "".join(lines).encode(), close=True)
        elif "/files/" in path and (found := self.files.get(path.rpartition("/")[2])) is not None:
            found(handler) if callable(found) else send(handler, found)
        else:
            send(handler, b"{}", 404)


def send(handler: Handler, body: bytes, status: int = 200, *, length: int | None = None, close: bool = False, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if close:
        handler.send_header("Connection", "close")
        handler.close_connection = True
    else:
        handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)
    handler.wfile.flush()
