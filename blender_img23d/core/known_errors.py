"""The one place that turns a failure into a sentence and an action for the artist."""

from __future__ import annotations

from dataclasses import dataclass

from .link import LinkClosed


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """`sentence` says what happened, `action` what to do about it (may be empty where the sentence says it)."""

    code: str
    sentence: str
    action: str = ""


def explain(cause: str | BaseException | LinkClosed) -> Explanation:
    """For an error code, an exception (an Img23DError keeps its own sentence) or the end of a backend."""
    raise NotImplementedError
