"""The machine that figures were made on, in words, and its load."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100  # of /proc/stat, a second


def machine() -> str:
    """Processor, cores, memory, system; without a name."""
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB of memory"
    return f"{cores()} cores of {_processor()} ({platform.machine()}){memory}, no graphics card used, {platform.system()}"


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "an unnamed processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "an unnamed processor"


@dataclass(frozen=True, kw_only=True)
class Load:
    """What others did: the system's load average of the minute before, and the share of all cores that other programs took
    during the measurement (0 to 1; None where the system does not say). `stolen` is what the host gave to other machines.
    """

    before: float | None
    others: float | None
    stolen: float | None

    def text(self) -> str:
        parts = [] if self.before is None else [f"load {self.before:.1f} before"]
        if self.others is not None:
            parts.append(f"{self.others:.0%} of the cores taken by others during it")
        if self.stolen:
            parts.append(f"{self.stolen:.0%} by other machines of the host")
        return ", ".join(parts) or "load not known"


class LoadMeter:
    """Begins when it is made. The time of this process and of its ended children is its own, everybody else's is others'."""

    def __init__(self) -> None:
        self._average = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        self._clock, self._system, self._own = time.perf_counter(), _system_seconds(), _own_seconds()

    def load(self) -> Load:
        now = _system_seconds()
        if self._system is None or now is None:
            return Load(before=self._average, others=None, stolen=None)
        available = max(time.perf_counter() - self._clock, 1e-3) * cores()
        others = now[0] - self._system[0] - (_own_seconds() - self._own)
        shares = (min(max(part / available, 0.0), 1.0) for part in (others, now[1] - self._system[1]))
        return Load(before=self._average, others=next(shares), stolen=next(shares))


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _system_seconds() -> tuple[float, float] | None:
    """Busy and stolen seconds of all cores since the machine's start (proc(5): user, nice, system, idle, iowait, irq, softirq, steal)."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return None
    user, nice, system, _, _, irq, softirq, steal = (int(word) / _TICK for word in first.split()[1:9])
    return user + nice + system + irq + softirq, steal


def has_priority() -> bool:
    """Whether it runs before all ordinary programs, as where `chrt --fifo` starts it."""
    return hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR)
