"""What can go wrong: a code that both sides know, and a sentence that an artist can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .codes import ErrorCode


class Img23DError(Exception):
    """A known failure: a code for the program, a sentence for the artist, a detail for the report."""

    def __init__(self, code: ErrorCode, sentence: str, detail: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.detail = detail


class ProtocolError(ValueError):
    """A line on the channel that is not a message of this protocol."""


def bad_request(sentence: str) -> Img23DError:
    """What cannot be done as it was asked for; the sentence says what to do first."""
    from .codes import ErrorCode

    return Img23DError(ErrorCode.BAD_REQUEST, sentence)
