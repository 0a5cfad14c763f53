"""Checks of settings, with the same sentence in the panel before a request and in the backend on its receipt."""

from __future__ import annotations

from typing import Any

from .declare import options_of


def check(options: Any) -> None:
    """The settings, or those of one stage. Raises Img23DError(BAD_REQUEST) for the first value that no engine can take."""
    for one in options_of(type(options)):
        value = options
        for step in one.path:
            value = getattr(value, step)
        one.check(value)
