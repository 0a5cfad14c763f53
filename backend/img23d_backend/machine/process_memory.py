"""How much memory this process takes, and giving it back, without a further package."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def reset_peak() -> None:
    """Start a new peak where the system can (Linux, proc_pid_clear_refs(5)); elsewhere it stays the process's own."""
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
