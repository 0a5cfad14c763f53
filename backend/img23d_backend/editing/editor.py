"""What edits a picture, as the pipeline asks for it."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

from ..stages import Context


class Editor(Protocol):
    """A model that makes another picture of one, as a text says."""

    def check(self, settings: Settings) -> None:
        """Raises Img23DError, before anything is computed, for what is missing."""
        ...

    def edit(self, rgb: np.ndarray, context: Context) -> np.ndarray:
        """(H, W, 3) uint8 to (h, w, 3) of the same proportions, as `context.settings.edit` say. Raises Img23DError(OUT_OF_MEMORY, WEIGHTS_…)."""
        ...

    def prefetch(self, settings: Settings) -> None:
        """Begin to read the model."""
        ...


def no_editor() -> Editor:
    """Of a caller that has none. Raises Img23DError."""
    raise Img23DError(ErrorCode.ENGINE_NOT_READY, "Pictures cannot be cleaned here: turn off Clean the Picture First.")
