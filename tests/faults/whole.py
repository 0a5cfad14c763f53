"""Whether the folders of runs are what they should be, whatever has happened: read by nothing of ours but the list of past runs.

Standard library only, since Blender's Python has no other reader of these files.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # of a PNG, by its colour type


def objections(base: Path, read_run: Callable[[Path], Any]) -> list[str]:
    """What is wrong with the runs below `base`, which are deleted then. `read_run` is the one of Past Runs."""
    runs = base / "runs"
    folders = sorted(runs.iterdir()) if runs.is_dir() else []
    found = [f"{folder.name}: {why}" for folder in folders if folder.is_dir() for why in _objections(folder, read_run)]
    shutil.rmtree(runs, ignore_errors=True)
    return found


def _objections(folder: Path, read_run: Callable[[Path], Any]) -> list[str]:
    results = sorted(path for path in folder.iterdir() if path.suffix in _READERS)
    found = [f"{path.name}: {why}" for path in results if (why := not_whole(path))]
    record, job = folder / "run.json", read_run(folder)
    if not record.is_file():
        return found + [f"no record beside {path.name}" for path in results]
    try:
        state = json.loads(record.read_text(encoding="utf-8"))["state"]
    except (ValueError, KeyError) as error:
        return [*found, f"the record is not whole: {error}"]
    if job is None:
        return [*found, "the record cannot be read back"]
    if state == "running" and not job.was_interrupted:
        found.append("a run that was cut off is not marked so")
    named = [path for target in job.targets for path in (*(one.path for one in target.results.values()), target.cutout, target.preview) if path]
    return found + [f"the record names {path}, which is not there" for path in named if not Path(path).is_file()]


def not_whole(path: Path) -> str:
    """Empty where the file is read to its end."""
    data = path.read_bytes()
    try:
        _READERS[path.suffix](data)
    except (ValueError, KeyError, IndexError, struct.error, zlib.error) as error:
        return f"half a file, {len(data)} bytes: {error!r}"
    return ""


def _read_png(data: bytes) -> None:
    """ISO/IEC 15948, without interlacing: every chunk with its CRC, and as many rows as the header says."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no signature")
    start, kind, rows = 8, b"", b""
    while kind != b"IEND":
        (length,) = struct.unpack_from(">I", data, start)
        kind, body = data[start + 4 : start + 8], data[start + 8 : start + 8 + length]
        if struct.unpack_from(">I", data, start + 8 + length)[0] != zlib.crc32(kind + body):
            raise ValueError(f"CRC of {kind!r}")
        if kind == b"IHDR":
            width, height, bits, colour = struct.unpack_from(">IIBB", body)
        rows += body if kind == b"IDAT" else b""
        start += length + 12
    if len(zlib.decompress(rows)) != height * (1 + width * _CHANNELS[colour] * bits // 8):
        raise ValueError("rows are missing")


def _read_glb(data: bytes) -> None:
    """glTF 2.0, section 4: as long as it says, and no view beyond its end."""
    magic, _, length, text = struct.unpack_from("<4sIII", data)
    if magic != b"glTF" or length != len(data):
        raise ValueError("another length")
    document = json.loads(data[20 : 20 + text])
    room = len(data) - 28 - text
    if not document["meshes"] or any(view.get("byteOffset", 0) + view["byteLength"] > room for view in document["bufferViews"]):
        raise ValueError("a view beyond the end")


def _read_npy(data: bytes) -> None:
    """NumPy's format, version 1: a header of that length, then the numbers."""
    if data[:6] != b"\x93NUMPY" or len(data) <= 10 + struct.unpack_from("<H", data, 8)[0]:
        raise ValueError("no array")


_READERS = {".png": _read_png, ".glb": _read_glb, ".npy": _read_npy}


def processes_of(word: str) -> list[str]:
    """The command lines of what still runs and contains the word; none where there is no such list."""
    if sys.platform == "win32":
        return []
    listed = subprocess.run(["ps", "-axww", "-o", "pid=,stat=,args="], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if word in line and line.split()[1][0] != "Z"]


def nothing_left(word: str, seconds: float = 6.0) -> str:
    """Empty once no process has the word in its command line any more."""
    end = time.monotonic() + seconds
    while left := processes_of(word):
        if time.monotonic() > end:
            return f"still running: {left}"
        time.sleep(0.05)
    return ""
