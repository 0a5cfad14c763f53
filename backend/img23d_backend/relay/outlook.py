"""What the other machine tells about itself, in the words of the contract: whether it can be used, its engines, its cards, its models."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeVar

from img23d_protocol import PROTOCOL_VERSION, ErrorCode, Img23DError, ProtocolError, decode
from img23d_protocol.codec import build
from img23d_protocol.machines import sentences
from img23d_protocol.messages import DeviceInfo, Diagnosed, EngineInfo, EnginePace, Finding, Hello, Level, Status

from .. import __version__
from .connection import Connection, Lost

GREETING_SECONDS = 4.0  # of a backend that starts, whose hello must not come late
LOOK_SECONDS = 15.0


Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """`is_whole` says that one of its workers has told everything; until then it is being started."""

    version: str
    hello: Hello | None
    status: Status
    places: tuple[str, ...]  # of its workers
    waiting: int  # jobs in its queue

    @property
    def is_whole(self) -> bool:
        return self.hello is not None and bool(self.status.devices)


def look(connection: Connection, seconds: float = LOOK_SECONDS) -> Outlook:
    """Ask the server. Raises Lost, Img23DError: why it cannot be used."""
    status, data = within(seconds, lambda: connection.json("GET", "/v1/status", seconds=seconds))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Lost(Img23DError(ErrorCode.MACHINE_UNREACHABLE, sentences.UNREACHABLE, f"status {status}"))
    protocol, version = data.get("protocol"), str(data.get("version", ""))[:40]
    if status != HTTPStatus.OK or type(protocol) is not int:
        raise Img23DError(ErrorCode.MACHINE_DIFFERS, sentences.FOREIGN, f"status {status}")
    if protocol != PROTOCOL_VERSION:
        raise Img23DError(ErrorCode.MACHINE_DIFFERS, _differs(version, protocol))
    try:
        return _outlook(data, version)
    except (ProtocolError, KeyError, TypeError, AttributeError) as error:
        raise Img23DError(ErrorCode.MACHINE_ANSWER, sentences.UNCLEAR, str(error)[:300]) from error


def _differs(version: str, protocol: int) -> str:
    here, there = f"{__version__} ({PROTOCOL_VERSION})", f"{version or '?'} ({protocol})"
    return f"The other machine has version {there} of Img23D, and this one {here}: install the same on both."


def _outlook(data: dict[str, Any], version: str) -> Outlook:
    hello = decode(json.dumps(data["hello"])) if data.get("hello") else None
    status = decode(json.dumps(data["status"])) if data.get("status") else Status()
    if not isinstance(hello, Hello | None) or not isinstance(status, Status):
        raise ProtocolError("another message than was asked for")
    paces = tuple(build(EnginePace, one) for one in data.get("forecasts", []))
    workers = [worker for worker in data.get("workers", []) if isinstance(worker, dict)]
    engines, splitters = (status.engines or (hello.engines if hello else ())), (status.splitters or (hello.splitters if hello else ()))
    return Outlook(
        version=version,
        hello=hello,
        status=replace(status, engines=engines, splitters=splitters, devices=_devices(status, workers), paces=paces),
        places=tuple(str(worker.get("place", ""))[:60] for worker in workers),
        waiting=int(data["queue"]["waiting"]),
    )


def _devices(status: Status, workers: list[dict[str, Any]]) -> tuple[DeviceInfo, ...]:
    """Those of the worker that has told the most free memory on its best device: the next job goes to one that is idle."""
    found = [devices for worker in workers if (devices := tuple(build(DeviceInfo, one) for one in worker.get("devices", [])))]
    return max(found, key=lambda devices: devices[0].free_bytes, default=status.devices)


def _finding(outlook: Outlook) -> Finding:
    """Which machine, its cards, its engines."""
    if not outlook.is_whole:
        return Finding(what=sentences.WHAT, level=Level.NOTE, sentence=sentences.STARTING)
    ready = [engine.label for engine in (*outlook.status.engines, *outlook.status.splitters) if engine.ready]
    told = (
        f"The other machine works: Img23D {outlook.version} on {', '.join(map(_memory, outlook.status.devices))}. Ready: {', '.join(ready) or 'nothing yet'}."
    )
    return Finding(what=sentences.WHAT, level=Level.GOOD, sentence=told, detail=f"workers: {', '.join(outlook.places)}; waiting: {outlook.waiting}")


def diagnosed(job: str, outlook: Outlook | None, problem: Img23DError | None) -> Diagnosed:
    """The answer to `Diagnose`: the connection, and what is behind it."""
    if outlook is None:
        error = problem or Img23DError(ErrorCode.MACHINE_UNREACHABLE, sentences.UNREACHABLE)
        return Diagnosed(job=job, report="", findings=(Finding(what=sentences.WHAT, level=Level.PROBLEM, sentence=error.sentence, detail=error.detail),))
    lines = [f"Other machine: Img23D {outlook.version}, {', '.join(outlook.places)}", *map(_engine_line, outlook.status.engines)]
    return Diagnosed(job=job, report="\n".join(lines), findings=(_finding(outlook),))


def _memory(device: DeviceInfo) -> str:
    return f"{device.label} ({device.total_bytes / 2**30:.0f} GB)" if device.total_bytes else device.label


def _engine_line(engine: EngineInfo) -> str:
    return f"{engine.id}: {'ready' if engine.ready else engine.note}"


def within(seconds: float, work: Callable[[], Value]) -> Value:
    """What `work` returns or raises, or Lost once so much time is over: the silence between two bytes says nothing of when the last one comes."""
    box: list[Value | Exception] = []

    def do() -> None:
        try:
            box.append(work())
        except Exception as error:  # the thread's boundary: raised again where it is waited for
            box.append(error)

    thread = threading.Thread(target=do, name="look", daemon=True)
    thread.start()
    thread.join(seconds)
    if not box:
        raise Lost(Img23DError(ErrorCode.MACHINE_UNREACHABLE, sentences.SLOW))
    found = box[0]
    if isinstance(found, Exception):
        raise found
    return found
