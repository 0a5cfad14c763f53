"""How much memory the machine has, and how much of it a program can still take, without a further package: docs/comparisons.md says why not psutil."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

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
            *(
                (name, ctypes.c_uint64)
                for name in ("total", "available", "total_commit", "available_commit", "total_virtual", "a", "b")
            ),
        ]

    status = Status(size=ctypes.sizeof(Status))
    if not ctypes.WinDLL("kernel32").GlobalMemoryStatusEx(ctypes.byref(status)):
        return 0, 0
    return status.total, min(status.available, status.available_commit)
