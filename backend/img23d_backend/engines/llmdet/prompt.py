"""What the detector is asked: kinds of things as one text, and which of its tokens are which kind's.

The text is “cup. red ball. book.”, as in the published inference; the network keeps what stands between two dots apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

ANYTHING = "object"  # the word for a thing of any kind
MOST_TOKENS = 256  # of a text with its first and last token; the heads have no more places
_LONGEST_KIND = 60  # tokens


@dataclass(frozen=True, kw_only=True)
class Text:
    """`ids` are the tokens, `spans` the tokens (first, past the last) of each of the `kinds`."""

    ids: tuple[int, ...]
    kinds: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The tokens that a text begins with, ends with, and has after each kind."""

    first: int
    last: int
    dot: int


def texts(kinds: Sequence[str], tokens: Callable[[str], list[int]], marks: Marks) -> list[Text]:
    """As few texts as hold all kinds. A kind that has no token, such as a picture sign, is in none."""
    found: list[Text] = []
    ids, asked, spans = [marks.first], [], []
    for kind in kinds:
        own = tokens(kind or ANYTHING)[:_LONGEST_KIND]
        if not own:
            continue
        if len(ids) + len(own) + 2 > MOST_TOKENS:
            found.append(Text(ids=(*ids, marks.last), kinds=tuple(asked), spans=tuple(spans)))
            ids, asked, spans = [marks.first], [], []
        spans.append((len(ids), len(ids) + len(own)))
        asked.append(kind)
        ids += [*own, marks.dot]
    return [*found, Text(ids=(*ids, marks.last), kinds=tuple(asked), spans=tuple(spans))] if asked else found
