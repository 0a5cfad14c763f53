"""The HTTP server under load on this machine's own loopback: many clients, broken and slow ones, and what the layer itself takes.

Runs in the plain environment: python -m devtools.bench.serve FIGURES MACHINE
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
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
_GOAL_MILLISECONDS = 20.0
_WORDS = (
    "The server in a process of its own, one worker, whose engine is the tests' small one (a block of each thing, in a fraction of a second), so that the "
    "server has much to do; clients on the same machine. What the layer itself takes is a request's whole time, seen by its client, less what the worker needed "
    "(Server-Timing): upload, checks, the hand-over to the worker and back, and the answer's bytes."
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
    print(f"broken, slow, oversized: {dict(statuses)}, then {answer.status}, memory {before / 2**20:.0f} to {after / 2**20:.0f} MiB", flush=True)
    return {"statuses": dict(sorted(statuses.items())), "then": answer.status, "before": before, "after": after}


def alone() -> dict[str, Any]:
    """Milliseconds of requests one after the other beyond what the worker took."""
    from service_desk import picture

    data, overheads, works = picture(), [], []
    with _server() as server:
        for _ in range(FIRST):
            server.post("/generate", {}, {"prompt_image_file": ("prompt.jpg", data)})
        before = _processor_seconds(server.process.pid)
        for _ in range(ALONE):
            begun = time.perf_counter()
            answer = server.post("/generate", {"seed": "1"}, {"prompt_image_file": ("prompt.jpg", data)})
            elapsed = (time.perf_counter() - begun) * 1e3
            work = float(answer.headers["server-timing"].rpartition("dur=")[2])
            overheads.append(elapsed - work)
            works.append(work)
        processor = (_processor_seconds(server.process.pid) - before) * 1e3 / ALONE
    found = {
        "processor": processor,
        "middle": statistics.median(overheads),
        "p99": statistics.quantiles(overheads, n=100)[98],
        "work": statistics.median(works),
    }
    print(
        f"the layer itself: {found['middle']:.1f} ms in the middle, {found['p99']:.1f} ms at p99; the worker {found['work']:.0f} ms, the server computes {processor:.1f} ms",
        flush=True,
    )
    return found


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
    verdict = "met" if alone_["p99"] <= _GOAL_MILLISECONDS else "missed"
    said = (
        f"What the layer itself takes, {ALONE} requests one after the other: {alone_['middle']:.1f} ms in the middle and {alone_['p99']:.1f} ms at p99 "
        f"(the goal of {_GOAL_MILLISECONDS:.0f} ms is {verdict}), beside {alone_['work']:.0f} ms of the worker. The server itself computes {alone_['processor']:.1f} ms a request. After the bad requests a good one was answered with {bad_['then']}."
    )
    priority = " Run with real-time priority (chrt), so that it did not wait for the other programs." if data["has_priority"] else ""
    return ["## The HTTP server", _WORDS, "\n".join(lines), said + priority, f"{data['date']}, {data['machine']}; {data['load']}."]


if __name__ == "__main__":
    measure_all(Path(sys.argv[1]), sys.argv[2])
