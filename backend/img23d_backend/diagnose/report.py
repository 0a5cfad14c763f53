"""What a report of a problem needs: versions, machine, engines, as plain text without anything that names a person."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Iterator

from img23d_protocol import PROTOCOL_VERSION
from img23d_protocol.messages import WeightsInfo
from img23d_protocol.redaction import redact

from .. import __version__
from ..engines import Engines
from ..machine import memory
from ..weights.published_program import in_words
from .programs import version, why_not_importable

_LEARNED = ("torch", "transformers", "diffusers", "huggingface_hub", "hy3dgen")


def report(engines: Engines) -> str:
    """Several lines `what: value`; nothing in it can fail the whole."""
    return redact("\n".join(f"{what}: {value}" for what, value in _facts(engines)))


def _facts(engines: Engines) -> Iterator[tuple[str, str]]:
    yield "backend", f"{__version__}, protocol {PROTOCOL_VERSION}"
    yield "python", f"{platform.python_version()} at {sys.executable}"
    yield "system", f"{platform.platform()}, {os.cpu_count()} cores"
    for name in ("numpy", "cv2"):
        yield name, _module(name)
    for name in _LEARNED:  # their versions are written down; importing them takes seconds
        yield name, version(name)
    for engine in engines.infos():
        yield f"engine {engine.id}", f"{'ready' if engine.ready else 'not ready'}, {engine.label}"
    for weights in engines.weights.infos():
        yield f"weights {weights.id}", _told(weights)
    for set_id, digest in engines.weights.programs().items():
        yield f"published program of {set_id}", in_words(digest)
    yield "peak memory", f"{memory.peak_bytes() / 1e6:.0f} MB"


def _told(weights: WeightsInfo) -> str:
    parts = (weights.state, "in another cache" if weights.is_borrowed else "", weights.origin)
    return ", ".join(filter(None, parts))


def _module(name: str) -> str:
    why = why_not_importable(name)
    if why:
        return f"cannot be imported: {why.strip().splitlines()[-1]}"
    module = importlib.import_module(name)
    return f"{module.__version__} at {os.path.dirname(module.__file__ or '')}"
