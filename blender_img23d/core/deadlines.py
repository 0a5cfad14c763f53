"""How long a backend may take for what, in seconds."""

from __future__ import annotations

from ..shared.img23d_protocol.choices import PREVIEW_ENGINE
from ..shared.img23d_protocol.messages import Diagnose
from .jobs import Request

HELLO_SECONDS = 20.0
CANCEL_SECONDS = 5.0
SILENCE_SECONDS = 120.0  # longer than any step between two reports of the preview engine
# On a slow processor one guided step of a full-size model, or reading its files for the first time, takes minutes.
LONG_SILENCE_SECONDS = 600.0
IDLE_SECONDS = 300.0  # a backend that idles so long gives its memory back, unless the artist chose another time


def silence_limit(request: Request) -> float:
    """The longest time between two words of a backend that does this."""
    is_short = isinstance(request, Diagnose) or getattr(request, "engine", "") == PREVIEW_ENGINE
    return SILENCE_SECONDS if is_short else LONG_SILENCE_SECONDS
