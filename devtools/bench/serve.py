"""The HTTP server under load on this machine's own loopback: many clients, broken and slow ones, and what the layer itself takes.

Runs in the plain environment: python -m devtools.bench.serve FIGURES MACHINE
"""

from __future__ import annotations

import http.client
import json
import os
import queue
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from ..places import BACKEND, EXTENSION, ROOT
from ..running import clean_environment, run
from .machine import LoadMeter, has_priority
from .rows import text_line

FIGURES = ROOT / "docs" / "figures" / "serve.json"
DESKS = ("service", "workers", "")  # below tests/backend: the server and its small engine
CLIENTS, EACH, QUEUE = 20, 10, 8
BROKEN, SLOW, OVERSIZED = 400, 50, 50
ALONE = 200  # requests one after the other
FIRST = 5  # that are not counted: they import what is needed
_KNOWN = ("data", "server.log")  # in the server's folder
_GOAL_MILLISECONDS = 20.0
# Starlette and uvicorn with nothing of ours: what HTTP takes on this machine at that time, whatever else it does
_BARE = """
import socket, sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route
answer = b"x" * int(sys.argv[1])
async def generate(request):
    form = await request.form()
    await form["prompt_image_file"].read()
    async def chunks():
        for start in range(0, len(answer), 2**20):
            yield answer[start : start + 2**20]
    return StreamingResponse(chunks(), headers={"content-length": str(len(answer))})
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
config = uvicorn.Config(Starlette(routes=[Route("/generate", generate, methods=["POST"])]), http="h11", ws="none", log_config=None, access_log=False)
uvicorn.Server(config).run([listening])
"""
_WORDS = (
    "The server in a process of its own, one worker, whose engine is the tests' small one (a block of each thing, in a fraction of a second), so that the "
    "server has much to do; clients on the same machine. What the layer itself takes is a request's whole time, seen by its client, less what the worker needed "
    "(Server-Timing): upload, checks, the hand-over to the worker and back, and the answer's bytes. Beside each such request one of the same size goes to a bare endpoint of Starlette "
    "and uvicorn, in a process of its own, which does nothing but read the form and answer with as many bytes, and one job goes to a worker through its pipes without any HTTP: what those two take the layer cannot do without."
)


def measure_serve(python: Path, machine: str) -> None:
    """Raises CalledProcessError."""
    folders = [BACKEND, EXTENSION / "shared", *(ROOT / "tests" / "backend" / name for name in DESKS)]
    run([python, "-s", "-m", "devtools.bench.serve", FIGURES, machine], env=clean_environment(PYTHONPATH=os.pathsep.join(map(str, folders))), cwd=ROOT)


def measure_all(figures: Path, machine: str) -> None:
    meter = LoadMeter()
    report = {"date": date.today().isoformat(), "machine": machine, "many": many(), "bad": bad(), "alone": alone()}
    report |= {"load": meter.load().text(), "has_priority": has_priority()}
    figures.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


@contextmanager
def _server(**settings: str) -> Iterator[Any]:
    from service_desk import Server

    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), settings={"IMG23D_SERVE_QUEUE": str(QUEUE), **settings}, token=settings.get("IMG23D_SERVE_TOKEN", "")).start().ready()
        try:
            yield server
        finally:
            server.stop()


def many() -> dict[str, Any]:
    """Requests of many clients at once, each of which is answered: 200, or 429 where the queue is full."""
    from service_desk import in_threads, picture

    data, statuses = picture(), Counter()
    with _server() as server:

        def client(number: int) -> Counter[int]:
            return Counter(server.post("/generate", {"seed": str(number)}, {"prompt_image_file": ("prompt.jpg", data)}).status for _ in range(EACH))

        before = [client(0), _memory(server.process.pid)][1]
        begun = time.monotonic()
        for found in in_threads(CLIENTS, client):
            statuses += found
        seconds = time.monotonic() - begun
        after = _memory(server.process.pid)
        end = time.monotonic() + 5.0  # files go in the background
        while (left := len(list((server.folder / "data" / "jobs").iterdir()))) and time.monotonic() < end:
            time.sleep(0.05)
    print(f"{CLIENTS} clients: {dict(statuses)} in {seconds:.1f} s, memory {before / 2**20:.0f} to {after / 2**20:.0f} MiB, {left} jobs left", flush=True)
    return {"statuses": {str(status): count for status, count in sorted(statuses.items())}, "seconds": seconds, "before": before, "after": after, "left": left}


def bad() -> dict[str, Any]:
    """Requests that are malformed, too large, or never end; then one that is as it should be."""
    from service_desk import in_threads, malformed, multipart, picture

    token, statuses = "a-token-of-the-bench", Counter()
    limits = {"IMG23D_SERVE_MAX_BYTES": "200000", "IMG23D_SERVE_HEADER_SECONDS": "1", "IMG23D_SERVE_BODY_SECONDS": "1", "IMG23D_SERVE_TOKEN": token}
    kind, large = multipart({}, {"prompt_image_file": ("a.png", b"x" * 400_000)})
    with _server(**limits) as server:
        before = _memory(server.process.pid)

        def status(data: bytes) -> str:
            return server.raw(data)[9:12].decode("latin-1") or "closed"

        def one(number: int) -> list[str]:
            found = [status(malformed(random.Random(seed), token)) for seed in range(number, BROKEN, 10)]
            head = f"POST /generate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\nContent-Type: {kind}\r\n"
            found += [status(f"{head}Content-Length: 5000\r\n\r\n--".encode() if slow % 2 else b"POST /gen") for slow in range(number, SLOW, 10)]
            found += [status(f"{head}Content-Length: {len(large)}\r\n\r\n".encode() + large) for _ in range(number, OVERSIZED, 10)]
            return found

        for found in in_threads(10, one):
            statuses += Counter(found)
        after, answer = _memory(server.process.pid), server.post("/generate", {}, {"prompt_image_file": ("prompt.jpg", picture())})
        outside = [path.name for path in server.folder.iterdir() if path.name not in _KNOWN and not path.name.startswith("shaping-")]
        assert not outside, outside  # written by a name of a request
    print(f"broken, slow, oversized: {dict(statuses)}, then {answer.status}, memory {before / 2**20:.0f} to {after / 2**20:.0f} MiB", flush=True)
    return {"statuses": dict(sorted(statuses.items())), "then": answer.status, "before": before, "after": after}


def alone() -> dict[str, Any]:
    """Milliseconds of requests one after the other beyond what the worker took; in turn with them those of the bare endpoint."""
    from service_desk import picture

    data, works = picture(), []
    with _server() as server:
        for _ in range(FIRST):
            size = len(_posted(server.port, data)[1])
        with _bare_server(size) as bare, _pool(server.folder) as piped:
            overheads: dict[str, list[float]] = {"layer": [], "pool": [], "bare": []}
            for _ in range(FIRST):
                _posted(bare, data)
            before = _processor_seconds(server.process.pid)
            for _ in range(ALONE):
                elapsed, _, timing = _posted(server.port, data)
                works.append(float(timing.rpartition("dur=")[2]))
                overheads["layer"].append(elapsed - works[-1])
                overheads["pool"].append(piped())
                overheads["bare"].append(_posted(bare, data)[0])
            processor = (_processor_seconds(server.process.pid) - before) * 1e3 / ALONE
    found = {"processor": processor, "work": statistics.median(works)}
    for name, milliseconds in overheads.items():
        found |= {f"{name}_middle": statistics.median(milliseconds), f"{name}_p99": statistics.quantiles(milliseconds, n=100)[98]}
    told = ", ".join(f"{name} {found[f'{name}_middle']:.1f} ms in the middle, {found[f'{name}_p99']:.1f} ms at p99" for name in overheads)
    print(f"{told}; the worker {found['work']:.0f} ms, the server computes {processor:.1f} ms", flush=True)
    return found


def _posted(port: int, data: bytes) -> tuple[float, bytes, str]:
    """Milliseconds of a request to /generate on a connection of its own, the body that came, and what the server says of its time."""
    from service_desk import multipart

    kind, body = multipart({"seed": "1"}, {"prompt_image_file": ("prompt.jpg", data)})
    begun = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with closing(connection):
        connection.request("POST", "/generate", body=body, headers={"Content-Type": kind})
        answer = connection.getresponse()
        answered = answer.read()
    elapsed = (time.perf_counter() - begun) * 1e3
    assert answer.status == 200, answered[:500]
    return elapsed, answered, answer.headers.get("server-timing", "")


@contextmanager
def _pool(folder: Path) -> Iterator[Callable[[], float]]:
    """Does a job of the same kind of worker without any HTTP, and gives the milliseconds beyond what the worker took."""
    from worker_desk import job, made_pool

    from img23d_backend.workers.pool import LAST_WORDS
    from img23d_protocol.messages import Accepted

    pool = made_pool(folder)
    pool.start()

    def piped() -> float:
        heard: queue.SimpleQueue[tuple[float, object]] = queue.SimpleQueue()
        begun = time.perf_counter()
        pool.submit(job(folder, "piped"), lambda message: heard.put((time.perf_counter(), message)))
        accepted = 0.0
        while True:
            at, message = heard.get(timeout=60)
            accepted = at if isinstance(message, Accepted) else accepted
            if isinstance(message, LAST_WORDS):
                return (time.perf_counter() - begun - (at - accepted)) * 1e3

    try:
        for _ in range(FIRST):
            piped()
        yield piped
    finally:
        pool.close()


@contextmanager
def _bare_server(size: int) -> Iterator[int]:
    """The port of one in a process of its own, which reads the same form and answers with as many bytes."""
    process = subprocess.Popen([sys.executable, "-s", "-c", _BARE, str(size)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _has_priority() -> bool:
    """Whether it runs before all ordinary programs, as where `chrt --fifo` starts it."""
    return hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR)


def _memory(pid: int) -> int:
    """Bytes that a process holds; 0 where the system does not say."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _processor_seconds(pid: int) -> float:
    """What a process has computed, without its children; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


def serve_part() -> list[str]:
    if not FIGURES.is_file():
        return []
    data = json.loads(FIGURES.read_text(encoding="utf-8"))
    many_, bad_, alone_ = data["many"], data["bad"], data["alone"]
    lines = [text_line(("what", "answers", "memory of the server, MiB")), "|---|---|---:|"]
    for what, one in (
        (f"{CLIENTS * EACH} requests of {CLIENTS} clients, queue of {QUEUE}", many_),
        (f"{BROKEN} malformed, {SLOW} that never end, {OVERSIZED} too large", bad_),
    ):
        answers = ", ".join(f"{status}: {count}" for status, count in one["statuses"].items())
        lines.append(text_line((what, answers, f"{one['before'] / 2**20:.0f} to {one['after'] / 2**20:.0f}")))
    said = (
        f"What the layer itself takes, {ALONE} requests one after the other: {alone_['layer_middle']:.1f} ms in the middle and {alone_['layer_p99']:.1f} ms at p99; the bare "
        f"endpoint {alone_['bare_middle']:.1f} and {alone_['bare_p99']:.1f} ms, the pipes {alone_['pool_middle']:.1f} and {alone_['pool_p99']:.1f} ms. The goal of "
        f"{_GOAL_MILLISECONDS:.0f} ms at p99 is {_verdict(alone_['layer_p99'], alone_['bare_p99'] + alone_['pool_p99'])}. The worker takes "
        f"{alone_['work']:.0f} ms, and the server itself computes {alone_['processor']:.1f} ms a request. After the bad requests a good one was answered with {bad_['then']}."
    )
    priority = " Run with real-time priority (chrt), so that it did not wait for the other programs." if data["has_priority"] else ""
    return ["## The HTTP server", _WORDS, "\n".join(lines), said + priority, f"{data['date']}, {data['machine']}; {data['load']}."]


def _verdict(layer: float, least: float) -> str:
    """The machine may be too busy to tell: then what the layer cannot do without takes as long."""
    if layer <= _GOAL_MILLISECONDS:
        return "met"
    return "missed" if layer - least > _GOAL_MILLISECONDS else "not to be told by this run"


if __name__ == "__main__":
    measure_all(Path(sys.argv[1]), sys.argv[2])
