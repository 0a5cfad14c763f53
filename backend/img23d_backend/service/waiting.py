"""A request that waits for its job: cancelled when its client goes away, and told with how long what took."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from starlette.requests import ClientDisconnect, Request

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Cancelled, Failed, Finished, FromBackend, TargetFailed

from .desk import JobDesk, ServedJob


async def finish(request: Request, desk: JobDesk, job: ServedJob) -> Finished:
    """Wait for the job's end. Raises Img23DError where it failed, ClientDisconnect where nobody waits for it any more."""
    end = asyncio.create_task(desk.ended(job))
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait((end, gone), return_when=asyncio.FIRST_COMPLETED)
        if not end.done():
            raise ClientDisconnect
        return _finished(await end)
    finally:
        for task in (end, gone):
            task.cancel()
        if job.last is None:
            desk.cancel(job)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _finished(last: FromBackend) -> Finished:
    match last:
        case Finished():
            return last
        case Failed():
            raise Img23DError(_code(last.code), last.sentence, last.detail)
        case Cancelled():
            raise ClientDisconnect
    raise AssertionError(type(last))


def first_failure(messages: Iterable[FromBackend]) -> Img23DError | None:
    """Of the job's targets."""
    failed = next((message for message in messages if isinstance(message, TargetFailed)), None)
    return Img23DError(_code(failed.code), failed.sentence, failed.detail) if failed is not None else None


def _code(code: str) -> ErrorCode:
    try:
        return ErrorCode(code)
    except ValueError:
        return ErrorCode.INTERNAL


def server_timing(job: ServedJob, clock: Callable[[], float] = time.monotonic) -> str:
    """Milliseconds in the queue and in the worker, in the form of the header Server-Timing: the rest of a request's time is the server's own."""
    begun, ended = job.begun or job.submitted, job.ended or clock()
    return f"queue;dur={(begun - job.submitted) * 1e3:.1f}, work;dur={(ended - begun) * 1e3:.1f}"
