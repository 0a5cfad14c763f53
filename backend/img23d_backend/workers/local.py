"""This machine's workers: how many there are, and what each of them gets of its cards and cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from img23d_protocol.messages import FromBackend
from img23d_protocol.options.settings import engine_named

from ..machine import memory, nvidia
from .backend_process import BackendProcess, Ended
from .process_pool import ProcessPool

CARDS, THREADS, OPENCV_THREADS = "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"
WORKER_BYTES = 1_500_000_000  # of memory that is kept for a worker of the built-in engine: an estimate


def local_pool(wanted: int, most: int, *, engine: str, models: Path, logs: Path) -> ProcessPool:
    """`wanted` workers, 0 for as many as there is room for, and never more than `most`. Raises Img23DError(BACKEND_START)."""
    cards = visible_cards(os.environ) if not engine_named(engine).is_built_in else []
    cores = usable_cores()
    size = max(1, min(most, wanted or room_for(cores=cores, cards=len(cards), is_built_in=engine_named(engine).is_built_in)))

    def start(number: int, take: Callable[[FromBackend | Ended], None]) -> BackendProcess:
        variables = share_of(number, size, cores=cores, cards=cards, inherited=os.environ)
        return BackendProcess(take, log_path=logs / f"worker-{number}.log", models=models, variables=variables)

    return ProcessPool(size, start)


def room_for(*, cores: int, cards: int, is_built_in: bool, total_bytes: int | None = None) -> int:
    """Learned engines: one a card, without any one for the whole machine. The built-in one: one a core, as far as memory goes."""
    if not is_built_in:
        return max(1, cards)
    total = memory.total_bytes() if total_bytes is None else total_bytes
    return max(1, min(cores, total // WORKER_BYTES if total else 1))


def share_of(number: int, size: int, *, cores: int, cards: list[str], inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables of one worker of `size`: its card, one after the other, and its part of the cores. What is set already stays."""
    threads = str(max(1, cores // size))
    variables = {name: threads for name in (THREADS, OPENCV_THREADS) if name not in inherited} if size > 1 else {}
    if OPENCV_THREADS in inherited:
        variables[OPENCV_THREADS] = inherited[OPENCV_THREADS]
    return variables | ({CARDS: cards[number % len(cards)]} if cards else {})


def visible_cards(variables: Mapping[str, str]) -> list[str]:
    """NVIDIA's, as CUDA_VISIBLE_DEVICES names them, and of these only those that it names where it is set; empty where there are none."""
    if CARDS in variables:
        return [card.strip() for card in variables[CARDS].split(",") if card.strip() and card.strip() != "-1"]
    return [card.uuid for card in nvidia.cards() if card.uuid]


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
