"""The server's application: its routes, and what lives as long as it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp

from img23d_protocol import Img23DError
from img23d_protocol.messages import Generate
from img23d_protocol.options.settings import BUILT_IN, OPTIONS

from ..workers.pool import WarmUp, WorkerPool, WorkerView
from .about import About
from .answers import failed
from .desk import SWEEP_SECONDS, JobDesk, QueueFull
from .guard import Guard, Refused, refused
from .job_api import JobApi
from .reference import Reference
from .settings import ServiceSettings
from .wishes import default_result, with_result

log = logging.getLogger(__name__)

WARM_UP_SEED = 42  # as the reference's
_WARM_UP_SIDE = 64  # pixels

MakePool = Callable[[WarmUp], WorkerPool]


class Service:
    """The application, and the desk once it has started. `make_pool` is told what a new worker warms up with."""

    def __init__(self, settings: ServiceSettings, token: str, make_pool: MakePool) -> None:
        self.settings = settings
        self.desk: JobDesk | None = None
        self._make_pool = make_pool
        self._closed: asyncio.Future[None] | None = None
        self._scratch = tempfile.TemporaryDirectory(prefix="img23d-")
        handlers = dict.fromkeys((Img23DError, QueueFull, HTTPException, OSError, Exception), failed) | {Refused: refused}
        self._routes: list[Route] = []
        self.starlette = Starlette(routes=self._routes, lifespan=self._lifespan, exception_handlers=handlers)
        inner: ASGIApp = self.starlette
        if settings.origins:
            inner = CORSMiddleware(
                inner, allow_origins=settings.origins, allow_methods=["*"], allow_headers=["authorization", "idempotency-key", "last-event-id"]
            )
        self.app = Guard(inner, settings, token)

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        pool = self._make_pool(self._warm_up)
        self.desk = desk = JobDesk(pool, self.settings.data, queue=self.settings.queue, keep_seconds=self.settings.keep_seconds)
        app.router.routes.extend(routes(desk, self.settings))
        await asyncio.to_thread(desk.open)
        pool.start()
        sweeper = asyncio.create_task(_sweep(desk))
        try:
            yield
        finally:
            sweeper.cancel()
            self.stop()
            if self._closed is not None:
                await self._closed
            self._scratch.cleanup()

    def stop(self) -> None:
        """Begin nothing more, and let what runs go on for a while. In the loop's thread."""
        desk = self.desk
        if desk is None or desk.stopping.is_set():
            return
        desk.stop()
        self._closed = asyncio.get_running_loop().run_in_executor(None, desk.pool.close, self.settings.stop_seconds)

    def _warm_up(self, view: WorkerView) -> Generate | None:
        """A small picture through the usual engine, where it is ready, so that its models are read before anybody waits for them."""
        ready = {engine.id for engine in view.hello.engines if engine.ready} if view.hello is not None else set()
        engine = self.settings.engine if self.settings.engine in ready else BUILT_IN.id
        folder = Path(self._scratch.name)
        photo = folder / "warm_up.png"
        if not photo.exists():
            photo.write_bytes(_small_picture())
        trial = {one.key: one.trial for one in OPTIONS if one.trial is not None}
        return Generate(
            job=f"warm-up-{view.pid}",
            photo=str(photo),
            run_folder=str(folder / f"run-{view.pid}"),
            engine=engine,
            seed=WARM_UP_SEED,
            settings=with_result(default_result(engine), engine, self.settings.defaults().changed(**trial)),
        )


def routes(desk: JobDesk, settings: ServiceSettings) -> list[Route]:
    """All of them."""
    about, jobs, reference = About(desk=desk, settings=settings), JobApi(desk=desk, settings=settings), Reference(desk=desk, settings=settings)
    return [
        Route("/generate", reference.generate, methods=["POST"]),
        Route("/generate-spz", reference.generate_spz, methods=["POST"]),
        Route("/generate_from_base64", reference.generate_from_base64, methods=["POST"]),
        Route("/health", about.health),
        Route("/v1/status", about.status),
        Route("/v1/options", about.options),
        Route("/v1/jobs", jobs.listing, methods=["GET"]),
        Route("/v1/jobs", jobs.create, methods=["POST"]),
        Route("/v1/jobs/{job}", jobs.show, methods=["GET"]),
        Route("/v1/jobs/{job}", jobs.remove, methods=["DELETE"]),
        Route("/v1/jobs/{job}/events", jobs.events),
        Route("/v1/jobs/{job}/files", jobs.files),
        Route("/v1/jobs/{job}/files/{name}", jobs.file),
        Route("/v1/jobs/{job}/cancel", jobs.cancel, methods=["POST"]),
        Route("/v1/jobs/{job}/targets/{target:int}/cancel", jobs.cancel_target, methods=["POST"]),
        Route("/openapi.json", about.openapi),
        Route("/", about.page),
        Route("/page/{name}", about.page_file),
    ]


async def _sweep(desk: JobDesk) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        await asyncio.to_thread(desk.sweep)


def _small_picture() -> bytes:
    """A PNG of a square on a plain ground."""
    import cv2
    import numpy as np

    picture = np.full((_WARM_UP_SIDE, _WARM_UP_SIDE, 3), 230, np.uint8)
    picture[_WARM_UP_SIDE // 4 : -_WARM_UP_SIDE // 4, _WARM_UP_SIDE // 4 : -_WARM_UP_SIDE // 4] = (40, 60, 200)
    return cv2.imencode(".png", picture)[1].tobytes()
