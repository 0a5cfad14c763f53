"""How a batch goes faster with more workers: backend processes on this machine's cores, and raylets whose stages wait as for graphics cards.

Runs in the environment of Ray: python -m devtools.bench.batch FIGURES FOLDER MACHINE
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from ..places import BACKEND, BUILD, EXTENSION, ROOT
from ..running import clean_environment, run
from .machine import LoadMeter, cores
from .rounds import FIGURES as FIGURES_FOLDER
from .rows import spread, text_line

FIGURES = FIGURES_FOLDER / "batch.json"
OUT = BUILD / "bench" / "batch"
TESTS = ROOT / "tests" / "cluster"  # the engine that waits
PHOTOS = 64
_SIZE = (480, 640)  # pixels
_ROUNDS = 3  # of each number of workers or raylets, in turn
_WAITS = (1.0, 3.0)  # seconds that a shape waits, on an average
_SPREAD = 0.2  # of these seconds to both sides, as pictures differ: else all raylets would compute at the same time, and then all wait
_EACH = 16  # jobs for each raylet
_STORE_BYTES = 80 * 1024 * 1024
_PATHS = (BACKEND, EXTENSION / "shared", TESTS, TESTS.parent / "backend")


def measure_batch(python: Path, machine: str) -> None:
    """All anew. Raises DevError."""
    shutil.rmtree(OUT, ignore_errors=True)
    # Ray starts its workers with niceness 15: whatever else the machine does would go before them
    variables = clean_environment(PYTHONPATH=os.pathsep.join(map(str, _PATHS)), RAY_USAGE_STATS_ENABLED="0", RAY_worker_niceness="0")
    run([python, "-m", "devtools.bench.batch", FIGURES, OUT, machine], env=variables, cwd=ROOT)


def measure(figures: Path, out: Path, machine: str) -> None:
    report: dict[str, Any] = {"date": date.today().isoformat(), "machine": machine}
    meter = LoadMeter()
    report["processes"] = processes_figures(out) | {"load": meter.load().text()}
    report["raylets"] = [raylets_figures(out, wait) for wait in _WAITS]
    figures.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


# --- processes of this machine ----------------------------------------------------------------------------------------


def processes_figures(out: Path) -> dict[str, Any]:
    """Seconds of the whole command, its start and its report with it, in turn: with each worker on one thread, and once one with all."""
    photos = _photos(out / "photos")
    one = {"OMP_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}
    turns: list[tuple[str, int, dict[str, str]]] = [("one", 1, one), ("two", 2, one)] * _ROUNDS
    turns.append(("threads", 1, {}))  # has no goal
    seconds: dict[str, list[float]] = {}
    for number, (name, workers, variables) in enumerate(turns):
        seconds.setdefault(name, []).append(_command_seconds(photos, out / str(number), workers, variables))
        print(f"{PHOTOS} photos, {name}: {seconds[name][-1]:.1f} s", flush=True)
    return {"photos": PHOTOS, "cores": cores(), "seconds": seconds}


def _photos(folder: Path) -> Path:
    import cv2
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for number in range(PHOTOS):
        picture = rng.normal(225, 3, (*_SIZE, 3)).clip(0, 255).astype(np.uint8)
        cv2.circle(picture, (320, 240), 100 + number, (20 + number, 30, 200), -1)
        cv2.rectangle(picture, (250, 100), (300, 380), (60, 160, 30 + number), -1)
        cv2.imwrite(str(folder / f"{number:03d}.jpg"), picture)
    return folder


def _command_seconds(photos: Path, out: Path, workers: int, variables: dict[str, str]) -> float:
    command = [sys.executable, "-s", "-m", "img23d_backend", "batch", photos, "--out", out, "--workers", workers, "--seed", 0, "--names", "thing"]
    started = time.monotonic()
    done = subprocess.run([str(part) for part in command], env={**os.environ, **variables}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return time.monotonic() - started


# --- a cluster of raylets -------------------------------------------------------------------------------------------------


def raylets_figures(out: Path, wait: float) -> dict[str, Any]:
    """When each job was done, on one raylet and on four, in turn, actors warmed up before: whole photos, and the shape stage on actors of its own."""
    from img23d_backend.cluster.plan import Kind, Share

    def whole(count: int) -> tuple[Share, ...]:
        return (Share(kind=Kind.PHOTO, count=count, cpus=1.0, gpus=0.0),)

    def staged(count: int) -> tuple[Share, ...]:
        """Each machine is one card: the other two stages take none."""
        return (
            Share(kind=Kind.FIND, count=1, cpus=0.0, gpus=0.0),
            Share(kind=Kind.SHAPE, count=count, cpus=1.0, gpus=0.0),
            Share(kind=Kind.PAINT, count=1, cpus=0.0, gpus=0.0),
        )

    ended: dict[str, dict[str, list[list[float]]]] = {}
    photo, meter = next(_photos(out / "photos").iterdir()), LoadMeter()
    with _cluster():
        for way, shares in (("whole", whole), ("stages", staged)):
            ended[way] = {"1": [], "4": []}
            for number in range(_ROUNDS):
                for count in (1, 4):
                    found = _jobs_ended(shares(count), photo, out / f"{wait:g}" / way / f"{number}-{count}", _EACH * count, wait)
                    ended[way][str(count)].append([round(one, 3) for one in found])
                    print(f"{len(found)} jobs of {wait:g} s, {way} on {count}: {found[-1]:.1f} s", flush=True)
    return {"each": _EACH, "wait": wait, "spread": _SPREAD, "ended": ended, "load": meter.load().text()}


@contextmanager
def _cluster() -> Iterator[None]:
    """Four raylets of one processor each beside a head that computes nothing."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, "object_store_memory": _STORE_BYTES})
    for _ in range(4):
        cluster.add_node(num_cpus=1, object_store_memory=_STORE_BYTES)
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        yield
    finally:
        ray.shutdown()
        cluster.shutdown()


def _jobs_ended(shares: Any, photo: Path, out: Path, jobs: int, wait: float) -> list[float]:
    """Seconds from the first job's submission to each one's end. Before it a job for each actor that does not wait, in which it imports what it needs."""
    from waiting_engine import WaitingEngines

    from img23d_backend.cluster.ray_pool import RayPool

    out.mkdir(parents=True)
    pool = RayPool(shares, WaitingEngines(seconds={"shape": wait}, is_warmed_up=True, spread=_SPREAD), out)
    try:
        while sum(group.ready for group in pool._groups.values()) < sum(share.count for share in shares):
            pool.take(0.1)
        most = max(share.count for share in shares)
        _do(pool, [_job(f"warm-up {number}", photo, out) for number in range(most)], most)
        return _do(pool, [_job(str(number), photo, out) for number in range(jobs)], pool.capacity)
    finally:
        pool.close()


def _job(name: str, photo: Path, out: Path) -> Any:
    from img23d_protocol.messages import Box, Generate, Settings, Wanted

    wanted = (Wanted(name="thing", box=Box(left=0.2, top=0.1, right=0.8, bottom=0.9)),)
    settings = Settings.of(faces=500, texture_size=1024)
    return Generate(job=name, photo=str(photo), run_folder=str(out / name), wanted=wanted, engine="small", settings=settings)


def _do(pool: Any, waiting: list[Any], at_a_time: int) -> list[float]:
    """Seconds to the end of each, as a batch gives them to a pool."""
    from img23d_protocol.messages import Finished

    running, count, ended, started = 0, len(waiting), [], time.monotonic()
    while len(ended) < count:
        while waiting and running < at_a_time:
            pool.submit(waiting.pop())
            running += 1
        told = pool.take(5.0)
        if told is not None and told.is_last:
            assert type(told.message) is Finished and told.message.made == 1, told
            ended.append(time.monotonic() - started)
            running -= 1
    return ended


# --- the document -----------------------------------------------------------------------------------------------------------


def batch_part() -> list[str]:
    if not FIGURES.is_file():
        return []
    report = json.loads(FIGURES.read_text(encoding="utf-8"))
    processes, raylets = report["processes"], report["raylets"]
    seconds = processes["seconds"]
    lines = [text_line(("what", "seconds, or photos a minute", "times as fast", "goal", "")), "|---|---:|---:|---|---|"]
    lines += [
        text_line((f"{processes['photos']} photos, 1 worker with 1 thread", spread(seconds["one"]), "", "", "")),
        _faster("2 workers with 1 thread each", seconds["one"], seconds["two"], 1.7),
        text_line((f"1 worker with {processes['cores']} threads", spread(seconds["threads"]), f"{seconds['one'][0] / seconds['threads'][0]:.2f}", "", "")),
    ]
    for one in raylets:
        for way, words in (("whole", "whole photos"), ("stages", "shapes on actors of their own")):
            what = f"{words}, shapes that wait {one['wait']:g} s"
            lines += _raylet_rows(what, one["ended"][way]["1"], one["ended"][way]["4"])
    words = (
        f"`img23d_backend batch` with the preview engine on this machine, {processes['photos']} drawn photos of {_SIZE[1]} x {_SIZE[0]} pixels, start and report "
        f"included; and jobs on a Ray cluster of raylets on this machine, {_EACH} for each raylet, whose shapes only wait, as for a graphics card, each between "
        f"{1 - _SPREAD:g} and {1 + _SPREAD:g} times as long as said. From the first job's submission to the last one's end: the time in which the pipeline fills and "
        "empties counts, the start of the actors and a first job of each do not. “Steady” leaves out the time until as many jobs have ended as there are raylets, and these jobs. "
        "Everything else of a job, from reading the photo to its files, is computed on the one machine's cores for all raylets, and counts the more the "
        "shorter the wait is. What waits cannot tell how fast cards are; it tells what passing the work on costs."
    )
    loads = [f"the processes: {_when(processes)}", *(f"the raylets with {one['wait']:g} s: {_when(one)}" for one in raylets)]
    return ["## A batch with more workers", words, "\n".join(lines), f"{report['date']}, {report['machine']}. {'; '.join(loads)}."]


def _raylet_rows(what: str, one: list[list[float]], four: list[list[float]]) -> list[str]:
    """Photos a minute, and how many times as many, run by run."""
    whole, steady = (([rate(ended, 1) for ended in one], [rate(ended, 4) for ended in four]) for rate in (_rate, _steady_rate))
    ratios = [[more / less for less, more in zip(*pair, strict=True)] for pair in (whole, steady)]
    a_minute = [spread([60.0 * rate for rate in rates]) for rates in whole]
    return [
        text_line((f"{what}, 1 raylet: photos a minute", a_minute[0], "", "", "")),
        text_line(("4 raylets: photos a minute", a_minute[1], f"{spread(ratios[0])}, steady {spread(ratios[1])}", "3.5x", _verdict(ratios[0], 3.5))),
    ]


def _rate(ended: list[float], raylets: int) -> float:
    """Jobs a second, of all of them."""
    return len(ended) / ended[-1]


def _steady_rate(ended: list[float], raylets: int) -> float:
    return (len(ended) - raylets) / (ended[-1] - ended[raylets - 1])


def _when(figures: dict[str, Any]) -> str:
    return ", ".join(figures[key] for key in ("load", "note") if key in figures)


def _faster(what: str, before: list[float], after: list[float], goal: float) -> str:
    """The ratio run by run; met where the worst of them is."""
    ratios = [one / other for one, other in zip(before, after, strict=True)]
    return text_line((what, spread(after), spread(ratios), f"{goal:g}x", _verdict(ratios, goal)))


def _verdict(ratios: list[float], goal: float) -> str:
    middle = sorted(ratios)[len(ratios) // 2]
    return "met" if min(ratios) >= goal else "on the edge" if middle >= goal else "missed"


if __name__ == "__main__":
    measure(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
