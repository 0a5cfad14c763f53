"""What a JSON file beside a model's weights tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from img23d_protocol import ErrorCode, Img23DError

from .loading import damaged, unfit

T = TypeVar("T")

NOT_FITTING = (KeyError, TypeError, ValueError)  # what reading a file of another model comes to


def read_settings(path: Path, owner: str, parse: Callable[[Mapping[str, Any]], T], not_fitting: tuple[type[Exception], ...] = NOT_FITTING) -> T:
    """What `parse` makes of the file's content. `owner` is whose it is, for what an artist is told.

    Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED), and (WEIGHTS_UNFIT) where `parse` raises one of `not_fitting`.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        sentence = f"{path.name} of {owner} is missing: download the model again under AI Models."
        raise Img23DError(ErrorCode.WEIGHTS_MISSING, sentence, str(path)) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise damaged("a file of its settings cannot be read", f"{path}: {error}") from error
    try:
        return parse(content)
    except not_fitting as error:
        raise unfit(f"{path}: {type(error).__name__} {error}") from error
