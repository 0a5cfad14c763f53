"""Open one picture in a process of its own and tell what became of it and what it took."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_SCRIPT = """
import json, resource, sys
sys.path[:0] = sys.argv[2:]
import cv2
cv2.setNumThreads(2)
from img23d_backend.images import load_photo
from img23d_protocol import Img23DError
told = {}
try:
    photo = load_photo(sys.argv[1])
    told = {"size": [photo.width, photo.height], "notes": photo.notes, "corner": photo.rgb[0, 0].tolist()}
except Img23DError as error:
    told = {"code": error.code.value, "sentence": error.sentence}
except MemoryError:
    told = {"code": "memory", "sentence": "memory"}
used = resource.getrusage(resource.RUSAGE_SELF)
# Not ru_maxrss, which a process takes over from the one that started it
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(json.dumps(told | {"seconds": used.ru_utime + used.ru_stime, "megabytes": int(peak.split()[1]) / 1024}))
"""
_MOST_MEMORY = 5 << 30  # bytes of address space: what is tested must not take the machine with it


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`status` is the process's; `seconds` of the processor and the `megabytes` at its peak, with Python, NumPy and OpenCV."""

    status: int
    size: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()
    corner: tuple[int, ...] = ()
    code: str = ""
    sentence: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0
    error: str = ""


def open_in_child(path: str | Path, timeout: float = 100.0) -> Outcome:
    """Raises subprocess.TimeoutExpired where it never ends."""
    roots = [str(ROOT / "backend"), str(ROOT / "blender_img23d" / "shared")]
    command = [sys.executable, "-c", _SCRIPT, str(path), *roots]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, preexec_fn=_limit)
    if done.returncode:
        return Outcome(status=done.returncode, error=done.stderr[-2000:])
    told = json.loads(done.stdout)
    for name in ("size", "notes", "corner"):
        told[name] = tuple(told.get(name, ()))
    return Outcome(status=0, error=done.stderr[-2000:], **told)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
