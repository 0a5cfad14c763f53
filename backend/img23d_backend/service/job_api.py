"""The job API, which panels and programs use: the contract's own messages, over HTTP.

POST   /v1/jobs                          a form: `message` (JSON) or a few plain fields, and the files that it names
GET    /v1/jobs, /v1/jobs/{id}           what there is, and how it is
GET    /v1/jobs/{id}/events?after=N      the messages of the backend as server-sent events, from a number on; as one JSON document where that is accepted
GET    /v1/jobs/{id}/files, .../{name}   what the messages name
POST   /v1/jobs/{id}/cancel, /v1/jobs/{id}/targets/{n}/cancel
DELETE /v1/jobs/{id}                     with its files
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from img23d_protocol.errors import bad_request

from ..workers.message_files import file_names, with_files
from ..workers.pool import JobRequest
from .desk import JobDesk, ServedJob
from .job_files import JobFolder
from .settings import ServiceSettings
from .uploads import Form, check_picture, is_picture, read_form, save_all
from .waiting import server_timing
from .wishes import generate_message, read_message, read_wish

_TYPES = {".glb": "model/gltf-binary", ".png": "image/png", ".json": "application/json"}
_KEY_LENGTH = 200  # characters of a client's name of its request


@dataclass(frozen=True, kw_only=True)
class JobApi:
    """The handlers of the routes."""

    desk: JobDesk
    settings: ServiceSettings

    async def create(self, request: Request) -> Response:
        """The same Idempotency-Key gives the same job, so that a client that lost the answer may ask again."""
        key = request.headers.get("idempotency-key", "")[:_KEY_LENGTH]
        known = self.desk.by_key(key)
        if known is not None:
            await request.body()
            return JSONResponse(self._view(known))
        with self.desk.place():
            job = await self._accepted(await read_form(request), key)
        return JSONResponse(self._view(job), status_code=201, headers={"location": f"/v1/jobs/{job.id}"})

    async def _accepted(self, form: Form, key: str) -> ServedJob:
        message = read_message(form.fields["message"]) if "message" in form.fields else self._of_form(form)
        with self.desk.new_folder() as folder:
            saved = await asyncio.to_thread(self._saved, form, message, folder)
            # Not twice where it was asked for again while the first was read
            return self.desk.by_key(key) or self.desk.accept(folder, with_files(message, saved.__getitem__), key=key)

    def _saved(self, form: Form, message: JobRequest, folder: JobFolder) -> dict[str, Path]:
        """The message's files, looked at. Raises Img23DError, OSError."""
        folder.make()
        saved = save_all(form.files, file_names(message), folder)
        for path in saved.values():
            if is_picture(path):
                check_picture(path, self.settings.max_pixels)
        return saved

    def _of_form(self, form: Form) -> Any:
        upload = form.parts.get("photo")
        if upload is None:
            raise bad_request("The form has neither a “message” nor a file “photo”.")
        return generate_message(read_wish(form.fields), upload.filename or "photo", self.settings.defaults(), self.settings.engine)

    async def listing(self, request: Request) -> Response:
        return JSONResponse({"jobs": [self._view(job) for job in self.desk.jobs()]})

    async def show(self, request: Request) -> Response:
        return JSONResponse(self._view(self._job(request)))

    async def remove(self, request: Request) -> Response:
        await asyncio.to_thread(self.desk.remove, self._job(request))
        return Response(status_code=204)

    async def events(self, request: Request) -> Response:
        job, after = self._job(request), _after(request)
        if "text/event-stream" not in request.headers.get("accept", "text/event-stream").replace("*/*", "text/event-stream"):
            return JSONResponse(self._events_now(job, after))
        return StreamingResponse(self._stream(job, after), media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def _stream(self, job: ServedJob, after: int) -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        async for event in self.desk.follow(job, after):
            yield ": still there\n\n" if event is None else f"id: {event[0]}\ndata: {event[1]}\n\n"

    def _events_now(self, job: ServedJob, after: int) -> dict[str, Any]:
        events = [{"id": number, "message": json.loads(line)} for number, line in job.events(after)]
        progress = json.loads(job.progress) if job.progress else None
        return {"state": job.state, "events": events, "progress": progress}

    async def files(self, request: Request) -> Response:
        results = await asyncio.to_thread(self._job(request).folder.results)
        return JSONResponse({"files": [{"name": name, "bytes": size} for name, size in sorted(results.items())]})

    async def file(self, request: Request) -> Response:
        path = await asyncio.to_thread(self._job(request).folder.result, request.path_params["name"])
        if path is None:
            raise HTTPException(404, "There is no such file.")
        return FileResponse(path, media_type=_TYPES.get(path.suffix, "application/octet-stream"), headers={"cache-control": "no-cache"})

    async def cancel(self, request: Request) -> Response:
        return self._cancelled(self._job(request), -1)

    async def cancel_target(self, request: Request) -> Response:
        return self._cancelled(self._job(request), request.path_params["target"])

    def _cancelled(self, job: ServedJob, target: int) -> Response:
        """202: it is asked for, and the events tell when it has come about."""
        if not self.desk.cancel(job, target):
            raise HTTPException(409, "There is nothing left to cancel.")
        return JSONResponse(self._view(job), status_code=202)

    # --- steps ------------------------------------------------------------------------------------------------------

    def _job(self, request: Request) -> ServedJob:
        job = self.desk.job(request.path_params["job"])
        if job is None:
            raise HTTPException(404, "There is no such job (any more).")
        return job

    def _view(self, job: ServedJob) -> dict[str, Any]:
        message = job.record.message
        return {
            "id": job.id,
            "kind": type(message).__name__,
            "engine": getattr(message, "engine", ""),
            "state": job.state,
            "position": self.desk.pool.position(job.id),
            "created": job.record.created,
            "last_event": job.event_count,
            "timing": server_timing(job),
        }


def _after(request: Request) -> int:
    text = request.query_params.get("after") or request.headers.get("last-event-id") or "0"
    if not text.isdecimal() or len(text) > 12:
        raise bad_request("The number of an event is a whole number.")
    return int(text)
