"""What the server tells about itself: whether it is ready, its engines, cards and queue, the options of a request, and its description."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from img23d_protocol import PROTOCOL_VERSION, encode
from img23d_protocol.messages import Hello, Status

from .. import __version__
from ..workers.pool import WorkerView
from .desk import JobDesk
from .openapi import description
from .settings import ServiceSettings
from .wishes import options

PAGE = Path(__file__).parent / "page"
_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass(frozen=True, kw_only=True)
class About:
    """The handlers of the routes."""

    desk: JobDesk
    settings: ServiceSettings

    async def health(self, request: Request) -> Response:
        """As the reference's; before the warm-up has ended, and while the server is being stopped, with status 503."""
        state = "stopping" if self.desk.stopping.is_set() else "ready" if self.desk.pool.is_ready else "starting"
        return JSONResponse({"status": state}, status_code=200 if state == "ready" else 503)

    async def status(self, request: Request) -> Response:
        views = self.desk.pool.views()
        first = next((view for view in views if view.hello is not None), None)
        return JSONResponse({
            "protocol": PROTOCOL_VERSION,
            "version": __version__,
            "engine": self.settings.engine,
            "hello": _message(first.hello if first is not None else None),
            "status": _message(_without_places(first.status) if first is not None else None),
            "workers": [_worker(view) for view in views],
            "queue": {"waiting": self.desk.pool.waiting, "limit": self.desk.limit, "again_seconds": self.desk.again_seconds()},
            "limits": {"bytes": self.settings.max_bytes, "pixels": self.settings.max_pixels, "keep_seconds": self.settings.keep_seconds},
            "forecasts": [dataclasses.asdict(pace) for pace in self.desk.paces()],
        })  # fmt: skip

    async def options(self, request: Request) -> Response:
        return JSONResponse({"options": options()})

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(description(self.settings))

    async def page(self, request: Request) -> Response:
        return _page_file("index.html")

    async def page_file(self, request: Request) -> Response:
        return _page_file(request.path_params["name"])


def _page_file(name: str) -> Response:
    if name not in {path.name for path in PAGE.iterdir()}:
        raise HTTPException(404, "There is no such file.")
    path = PAGE / name
    return FileResponse(path, media_type=_TYPES.get(path.suffix, "application/octet-stream"), headers={"cache-control": "no-cache"})


def _message(message: Hello | Status | None) -> dict[str, Any] | None:
    return json.loads(encode(message)) if message is not None else None


def _worker(view: WorkerView) -> dict[str, Any]:
    devices = [dataclasses.asdict(one) for one in view.status.devices] if view.status is not None else []
    return {"place": view.place, "state": view.state, "job": view.job, "problem": view.problem, "devices": devices}


def _without_places(status: Status | None) -> Status | None:
    """Where the weights lie on this machine is nobody else's business."""
    return dataclasses.replace(status, weights=tuple(dataclasses.replace(one, folder="") for one in status.weights)) if status is not None else None
