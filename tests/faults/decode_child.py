"""Tries damaged pictures on the backend's decoder, as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from mutate import mutation
from picture_seeds import seeds
from tally import split_case


def attempt_with(folder: str) -> Callable[[str], str]:
    from img23d_backend.images import load_photo
    from img23d_protocol import Img23DError

    pictures = seeds()

    def attempt(case: str) -> str:
        name, number = split_case(case)
        path = Path(folder) / f"picture.{name.partition('-')[0]}"
        path.write_bytes(mutation(pictures[name], number))
        try:
            photo = load_photo(str(path))
        except Img23DError as error:
            return f"refused {error.code}: {error.sentence}"
        check_image(photo.rgb, photo.alpha)
        return "image"

    return attempt


def check_image(rgb: np.ndarray, alpha: np.ndarray | None) -> None:
    assert rgb.dtype == np.uint8 and rgb.ndim == 3 and rgb.shape[2] == 3 and min(rgb.shape) > 0, (rgb.dtype, rgb.shape)
    assert alpha is None or (alpha.dtype == np.uint8 and alpha.shape == rgb.shape[:2]), (alpha.dtype, alpha.shape)
