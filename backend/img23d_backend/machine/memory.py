"""How much memory the machine has, how much of it a program can still take, how much this process takes; no further package: docs/comparisons.md says why not psutil."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

# What macOS gives to a program that asks, without swapping: vm_stat(1)
_GIVEN_ON_MAC = ("Pages free", "Pages inactive", "Pages speculative", "Pages purgeable")


def total_bytes() -> int:
    """The machine's memory; 0 where the system does not say."""
    if sys.platform == "win32":
        return _windows_memory()[0]
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def available_bytes() -> int:
    """What can be taken now without anything being swapped out: free memory and what only caches files. 0: unknown."""
    if sys.platform == "win32":
        return _windows_memory()[1]
    if sys.platform == "darwin":
        return _mac_available()
    try:
        return available_in(Path("/proc/meminfo").read_text(encoding="ascii"))
    except OSError:
        return 0


def available_in(meminfo: str) -> int:
    """Of the text of /proc/meminfo, proc_meminfo(5)."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo, re.MULTILINE)
    return 1024 * int(found[1]) if found else 0


def available_on_mac(vm_stat: str) -> int:
    """Of the output of vm_stat(1), which counts pages."""
    page = re.search(r"page size of (\d+) bytes", vm_stat)
    counts = dict(re.findall(r"^([^:\n]+):\s+(\d+)\.$", vm_stat, re.MULTILINE))
    return int(page[1]) * sum(int(counts.get(name, 0)) for name in _GIVEN_ON_MAC) if page else 0


def _mac_available() -> int:
    import subprocess

    try:
        done = subprocess.run(["/usr/bin/vm_stat"], capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    return available_on_mac(done.stdout)


def _windows_memory() -> tuple[int, int]:
    """Total and available bytes. What the page file lets programs commit is a limit, too."""
    import ctypes

    assert sys.platform == "win32"

    class Status(ctypes.Structure):  # MEMORYSTATUSEX of sysinfoapi.h
        _fields_ = [
            ("size", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            *((name, ctypes.c_uint64) for name in ("total", "available", "total_commit", "available_commit", "total_virtual", "a", "b")),
        ]

    status = Status(size=ctypes.sizeof(Status))
    if not ctypes.WinDLL("kernel32").GlobalMemoryStatusEx(ctypes.byref(status)):
        return 0, 0
    return status.total, min(status.available, status.available_commit)


def reset_peak() -> None:
    """Start a new peak where the system can (Linux, proc_pid_clear_refs(5)); elsewhere it stays the process's own. That of cards starts anew."""
    for cards in _cards():
        for number in range(cards.device_count()):
            cards.reset_peak_memory_stats(number)
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        pass


def peak_bytes() -> int:
    """The largest resident size since the last reset, in bytes."""
    if sys.platform == "win32":
        return _windows_peak()
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))
    except (OSError, StopIteration, ValueError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak  # getrusage(2): bytes on macOS, KiB elsewhere


def card_peak_bytes() -> int:
    """The most that torch had taken of its cards' memory since the last reset, in bytes; Metal tells no such number."""
    return sum(cards.max_memory_reserved(number) for cards in _cards() for number in range(cards.device_count()))


def _cards() -> list[Any]:
    """Torch's modules for cards that are in use by now: asking another one would begin with it, and another thread may be just importing them."""
    modules = (sys.modules.get(f"torch.{kind}") for kind in ("cuda", "xpu"))
    return [one for one in modules if one is not None and getattr(one, "is_initialized", bool)()]


def trim() -> int:
    """Hand freed heap back to the system where its allocator keeps it (glibc); the bytes by which this process shrank."""
    import ctypes

    before = _resident_bytes()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):  # another C library; Windows has no CDLL(None)
        return 0
    return max(0, before - _resident_bytes())


def _resident_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _windows_peak() -> int:
    import ctypes
    from ctypes import wintypes

    assert sys.platform == "win32"

    class Counters(ctypes.Structure):  # PROCESS_MEMORY_COUNTERS of psapi.h
        _fields_ = [
            ("size", wintypes.DWORD),
            ("page_faults", wintypes.DWORD),
            *((name, ctypes.c_size_t) for name in ("peak", "now", "a", "b", "c", "d", "e", "f")),
        ]

    kernel = ctypes.WinDLL("kernel32")
    kernel.GetCurrentProcess.restype = wintypes.HANDLE
    query = kernel.K32GetProcessMemoryInfo
    query.argtypes = (wintypes.HANDLE, ctypes.POINTER(Counters), wintypes.DWORD)
    counters = Counters(size=ctypes.sizeof(Counters))
    return counters.peak if query(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.size) else 0
