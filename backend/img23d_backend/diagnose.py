"""What a report of a problem needs: versions, machine, engines, as plain text."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator

from img23d_protocol import PROTOCOL_VERSION

from . import __version__, process_memory
from .engines import Engines


_LEARNED = ("torch", "transformers", "diffusers", "huggingface_hub", "hy3dgen")


def report(engines: Engines) -> str:
    """Several lines `what: value`; nothing in it can fail the whole."""
    return "\n".join(f"{what}: {value}" for what, value in _facts(engines))


def _facts(engines: Engines) -> Iterator[tuple[str, str]]:
    yield "backend", f"{__version__}, protocol {PROTOCOL_VERSION}"
    yield "python", f"{platform.python_version()} at {sys.executable}"
    yield "system", f"{platform.platform()}, {os.cpu_count()} cores"
    for name in ("numpy", "cv2", *_LEARNED):
        yield name, _module(name)
    for engine in engines.infos():
        yield f"engine {engine.id}", f"{'ready' if engine.ready else 'not ready'}, {engine.label}"
    for weights in engines.weights.infos():
        yield f"weights {weights.id}", f"{weights.state}{', in another cache' if weights.is_borrowed else ''}"
    yield "temporary folder", _folder(tempfile.gettempdir())
    yield "peak memory", f"{process_memory.peak_bytes() / 1e6:.0f} MB"


def _module(name: str) -> str:
    if name in _LEARNED:  # their versions are written down; importing them takes seconds
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return "not installed"
    try:
        module = importlib.import_module(name)
    except Exception as error:  # a broken wheel may raise anything
        return f"cannot be imported: {type(error).__name__}: {error}"
    return f"{module.__version__} at {os.path.dirname(module.__file__)}"


def _folder(path: str) -> str:
    try:
        with tempfile.TemporaryFile(dir=path):
            return f"{path}, {shutil.disk_usage(path).free / 1e9:.1f} GB free"
    except OSError as error:
        return f"{path} cannot be written: {error}"
