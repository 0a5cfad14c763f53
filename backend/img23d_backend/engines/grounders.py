"""The model that finds things, whichever of them the settings choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from img23d_protocol.messages import Settings, Wanted

from ..stages import Context, Found, Grounder, NotFound, Photo


class ReadingAhead(Grounder, Protocol):
    def prefetch(self, settings: Settings) -> None:
        """Begin to read the model."""
        ...


@dataclass(frozen=True, kw_only=True)
class ChosenGrounder:
    """`locate` by the file set that is chosen: `others` are those for the sets of other networks than the `usual` one's."""

    usual: ReadingAhead
    others: Mapping[str, ReadingAhead]

    def locate(self, photo: Photo, wanted: tuple[Wanted, ...], context: Context) -> tuple[Found | NotFound, ...]:
        return self._chosen(context.settings).locate(photo, wanted, context)

    def prefetch(self, settings: Settings) -> None:
        self._chosen(settings).prefetch(settings)

    def _chosen(self, settings: Settings) -> ReadingAhead:
        return self.others.get(settings.search.grounder, self.usual)
