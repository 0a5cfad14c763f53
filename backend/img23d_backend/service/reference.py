"""The endpoints of the reference service, for programs that were written for it: a picture in, the bytes of its splats out.

Beyond it: `names`, `engine`, `result` and `settings` say what a form of ours says; a picture in which several things are asked for answers
with a zip of their files.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import shutil
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.errors import bad_request
from img23d_protocol.files.whole_files import write_whole
from img23d_protocol.messages import CutoutReady, FromBackend, PictureReady, ResultKind, ResultReady

from .desk import JobDesk, ServedJob
from .job_files import JobFolder
from .settings import OPTION_OF, ServiceSettings
from .uploads import Form, check_picture, from_base64, read_form
from .waiting import finish, first_failure, server_timing
from .wishes import Wish, default_result, generate_message, read_wish, refuse_text_prompt

CHUNK = 2**20  # bytes, as the reference sends them
SPZ = ".spz"
_TYPES = {".glb": "model/gltf-binary", ".zip": "application/zip"}


class TrellisParams(BaseModel):
    """What a request sets other than the server does."""

    sparse_structure_steps: int | None = None
    sparse_structure_cfg_strength: float | None = None
    slat_steps: int | None = None
    slat_cfg_strength: float | None = None
    num_oversamples: int | None = None


class Base64Request(BaseModel):
    """The body of /generate_from_base64."""

    model_config = ConfigDict(extra="ignore")

    prompt_type: Literal["text", "image"] = "image"
    prompt_image: str
    seed: int = -1
    trellis_params: TrellisParams | None = None
    names: str = ""
    engine: str = ""
    result: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)


class Base64Response(BaseModel):
    """Its answer. With compression the first file is SPZ; the pictures come where the server is set to send them."""

    generation_time: float
    ply_file_base64: str | None = None
    image_edited_file_base64: str | None = None
    image_without_background_file_base64: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The three endpoints."""

    desk: JobDesk
    settings: ServiceSettings

    async def generate(self, request: Request) -> Response:
        return await self._from_form(request, ending="")

    async def generate_spz(self, request: Request) -> Response:
        return await self._from_form(request, ending=SPZ)

    async def _from_form(self, request: Request, *, ending: str) -> Response:
        with self.desk.place():
            form = await read_form(request)
            data, name = await _uploaded(form)
            job = await self._begin(read_wish(form.fields), data, name, ending)
        with _passing(self.desk, job):
            await finish(request, self.desk, job)
            await self._keep(job)
            data, kind = await asyncio.to_thread(lambda: _packed(self._files(job, ending)))
            headers = {"content-length": str(len(data)), "server-timing": server_timing(job)}
            return StreamingResponse(_chunks(data), media_type=kind, headers=headers)

    async def generate_from_base64(self, request: Request) -> Response:
        with self.desk.place():
            body = await asyncio.to_thread(_parsed, await request.body())
            refuse_text_prompt(body.prompt_type)
            data = await asyncio.to_thread(from_base64, body.prompt_image)
            overrides = body.trellis_params.model_dump(exclude_none=True) if body.trellis_params is not None else {}
            options = {OPTION_OF[name]: value for name, value in overrides.items()} | body.settings
            wish = Wish(names=body.names, engine=body.engine, result=body.result, seed=body.seed, settings=options)
            result = body.result or default_result(body.engine or self.settings.engine)
            is_spz = self.settings.compression and result != ResultKind.MESH
            ending = SPZ if is_spz else ""
            job = await self._begin(wish, data, "prompt", ending)
        with _passing(self.desk, job):
            finished = await finish(request, self.desk, job)
            await self._keep(job)
            answer = await asyncio.to_thread(lambda: self._answer(job, self._files(job, ending), finished.seconds))
            return JSONResponse(answer.model_dump(), headers={"server-timing": server_timing(job)})

    # --- steps ------------------------------------------------------------------------------------------------------

    async def _begin(self, wish: Wish, picture: bytes, name: str, ending: str) -> ServedJob:
        engine = wish.engine or self.settings.engine
        result = wish.result or default_result(engine)
        spz = {"spz": True} if ending == SPZ and result != ResultKind.MESH else {}
        wish = Wish(names=wish.names, engine=engine, result=result, seed=wish.seed, settings={**wish.settings, **spz})
        if ending == SPZ and result == ResultKind.MESH:
            raise bad_request("A mesh has no SPZ file: ask for it at /generate, or take an engine that makes splats.")
        message = generate_message(wish, "photo", self.settings.defaults(), engine)
        with self.desk.new_folder() as folder:
            path = await asyncio.to_thread(_received, folder, name, picture, self.settings.max_pixels)
            return self.desk.accept(folder, replace(message, photo=str(path)), passing=True)

    def _files(self, job: ServedJob, ending: str) -> list[Path]:
        """The best result of each thing. Raises Img23DError where there is none."""
        said = job.said
        ready = [message for message in said if isinstance(message, ResultReady)]
        chosen: dict[int, str] = {}
        for message in sorted(ready, key=lambda one: one.piece.kind is ResultKind.SPLATS):  # which win over meshes, as the newest do over older ones
            if name := _chosen(message, ending):
                chosen[message.target] = name
        files = [path for name in chosen.values() if (path := job.folder.result(name)) is not None]
        if not files:
            raise first_failure(said) or Img23DError(ErrorCode.INTERNAL, "Nothing came of the picture.")
        return files

    async def _keep(self, job: ServedJob) -> None:
        """In the folder for good, where the server is set to."""
        if self.settings.save_generated_files:
            await asyncio.to_thread(shutil.copytree, job.folder.run, self.settings.output_dir / job.id, dirs_exist_ok=True)

    def _answer(self, job: ServedJob, files: list[Path], seconds: float) -> Base64Response:
        pictures: dict[str, str | None] = {}
        if self.settings.send_generated_files:
            said = job.said
            pictures = {
                "image_edited_file_base64": _first_base64(job, said, PictureReady),
                "image_without_background_file_base64": _first_base64(job, said, CutoutReady),
            }
        data, _ = _packed(files)
        return Base64Response(generation_time=seconds, ply_file_base64=base64.b64encode(data).decode(), **pictures)


@contextlib.contextmanager
def _passing(desk: JobDesk, job: ServedJob) -> Iterator[None]:
    """The job's files go with its request, however that ends; its answer does not wait for that."""
    try:
        yield
    finally:
        asyncio.get_running_loop().run_in_executor(None, desk.remove, job)


def _received(folder: JobFolder, name: str, picture: bytes, most_pixels: int) -> Path:
    """All of it in one other thread: each change of threads may wait for its turn. Raises Img23DError, OSError."""
    folder.make()
    path = folder.place_for(0, name)
    write_whole(path, picture)
    check_picture(path, most_pixels)
    return path


def _parsed(body: bytes) -> Base64Request:
    try:
        return Base64Request.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise bad_request(f"The request cannot be read: {where + ': ' if where else ''}{first['msg']}.") from error


async def _uploaded(form: Form) -> tuple[bytes, str]:
    upload = form.parts.get("prompt_image_file")
    if upload is None:
        raise bad_request("The form has no file “prompt_image_file”.")
    data = await upload.read()
    if not data:
        raise Img23DError(ErrorCode.PHOTO_EMPTY_FILE, "The file “prompt_image_file” is empty.")
    return data, upload.filename or "prompt"


def _chosen(message: ResultReady, ending: str) -> str:
    """The file that is sent of a result: the SPZ where that is asked for, else the first."""
    return next((name for name in message.files if name.endswith(ending)), "")


def _packed(files: list[Path]) -> tuple[bytes, str]:
    if len(files) == 1:
        return files[0].read_bytes(), _TYPES.get(files[0].suffix, "application/octet-stream")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:  # stored: meshes and splats hardly become smaller
        for path in files:
            archive.write(path, path.name)
    return packed.getvalue(), _TYPES[".zip"]


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


def _first_base64(job: ServedJob, said: list[FromBackend], kind: type[PictureReady | CutoutReady]) -> str | None:
    name = next((message.file for message in said if isinstance(message, kind)), None)
    path = job.folder.result(name) if name is not None else None
    return base64.b64encode(path.read_bytes()).decode() if path is not None else None
