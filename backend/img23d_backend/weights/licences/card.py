"""The licence that a repository's page names, as the hub hands it on, and whether a row's files may come under it.

The hub reads the head of the repository's README into its model information: `cardData.license`, an identifier such as
"mit", with `license_name` and `license_link` beside it where it is "other"; the same identifier is among the `tags` as
"license:mit" (https://huggingface.co/docs/hub/repositories-licenses). The page of the default branch is asked, which is what
the publisher says today, and not the page of the commit that is fetched.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from img23d_protocol import ErrorCode, Img23DError

from ..rows.row import WeightSet

_TAG = "license:"


@dataclass(frozen=True, kw_only=True)
class Card:
    """`licence` is the hub's identifier in lower case, empty where the page names none; `name` what an "other" one is called."""

    licence: str = ""
    name: str = ""
    read: str = ""  # when, UTC, as ISO 8601 to the second

    @property
    def said(self) -> str:
        """In words for people; empty where the page names none."""
        return f"{self.licence} ({self.name})" if self.licence and self.name else self.licence


def card_of(info: Any) -> Card:
    """From the hub client's ModelInfo."""
    data = info.card_data
    named = _first(getattr(data, "license", None)) or _first(tag.removeprefix(_TAG) for tag in info.tags or () if tag.startswith(_TAG))
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Card(licence=named.lower(), name=_first(getattr(data, "license_name", None)), read=now)


def require_named(row: WeightSet, card: Card) -> None:
    """Raises Img23DError(LICENCE_DIFFERS) where the page does not name the row's licence, for a row that asks for it."""
    if row.asks_card and card.licence != row.card_licence:
        says = f"names the licence “{card.said}”" if card.licence else "names no licence"
        sentence = (
            f"The page of {row.label} at the model hub {says}, and not {row.licence} as Img23D knows it: nothing was downloaded. "
            "Update the extension, or choose another model."
        )
        raise Img23DError(ErrorCode.LICENCE_DIFFERS, sentence, f"{row.repository}, read {card.read}")


def changed_notice(row: WeightSet, card: Card) -> str:
    """What an artist is told where the page names another licence than the row, which may have changed since; else empty."""
    if not card.licence or not row.card_licence or card.licence == row.card_licence:
        return ""
    return (
        f"The page of {row.label} at the model hub names the licence “{card.said}” today; Img23D knows its files under {row.licence}: "
        "read both before you publish what they make."
    )


def _first(value: object) -> str:
    """Of a text, or of the first of several."""
    if isinstance(value, str):
        return value.strip()
    return next((one.strip() for one in value if isinstance(one, str)), "") if isinstance(value, Iterable) else ""
