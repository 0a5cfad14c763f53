"""Finding the named things: every engine with learned models heeds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .declare import Choice, Record, Row, StageOptions, option

if TYPE_CHECKING:
    from .settings import Settings

LIGHT_GROUNDER = "llmdet-tiny"
# The identifiers are those of file sets in the backend's registry.
GROUNDERS: tuple[Choice, ...] = (
    ("qwen3-vl-2b", "Qwen3-VL 2B", "Finds named things in most photos; about 4.3 GB"),
    ("qwen3-vl-4b", "Qwen3-VL 4B", "Better with small, hidden or unusual things; about 8.9 GB"),
    ("qwen3-vl-8b", "Qwen3-VL 8B", "The best at finding things, for large cards; about 17.5 GB"),
    (LIGHT_GROUNDER, "LLMDet tiny", "Finds named things on any machine, in seconds; understands English names only; about 0.7 GB"),
)
# engines/qwen3vl/locate.py: 350,000 bytes a token of the picture and 128 MiB in any case
_LOCATING, _LOCATING_FRUGALLY = 850_000_000, 400_000_000
_LARGEST_TABLE = 800_000_000  # of Qwen3-VL, which stays whole where the layers come one by one
# engines/llmdet/locate.py: 1,700 bytes a pixel of 800 x 1333
_LOOKING = 1_810_000_000


class Search(StageOptions):
    """The model that finds the named things."""

    grounder: str = option(
        GROUNDERS[0][0],
        label="Find With",
        tip="The model that looks for the named things",
        subject="the search model",
        choices=GROUNDERS,
        flag="--grounder",
        help="what finds the things",
        cost=1,
        row=Row(panel="search", rank=10),
        record=Record(label="Find With", rank=10),
    )

    stages = ("locate",)

    def file_sets(self) -> tuple[str, ...]:
        return (self.grounder,)

    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        return tuple((identifier,) for identifier, _, _ in GROUNDERS)

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        if self.grounder == LIGHT_GROUNDER:
            return {"locate": sizes.get(self.grounder, 0) + _LOOKING}
        if settings.machine.small_memory:
            return {"locate": _LARGEST_TABLE + _LOCATING_FRUGALLY}
        return {"locate": sizes.get(self.grounder, 0) + _LOCATING}


class LightSearch(StageOptions):
    """The same for the engine that is made for any machine: another model comes first."""

    light_grounder: str = option(
        LIGHT_GROUNDER,
        label="Find With",
        tip="The model that looks for the named things",
        subject="the search model of the light engine",
        choices=(GROUNDERS[-1], *GROUNDERS[:-1]),
        flag="--light-grounder",
        help="what finds the things of the light engine",
        cost=1,
        row=Row(panel="search", rank=10),
        record=Record(label="Find With", rank=10),
    )

    stages = ("locate",)

    @property
    def search(self) -> Search:
        """As every engine's stage of this kind reads it."""
        return Search(grounder=self.light_grounder)

    def file_sets(self) -> tuple[str, ...]:
        return self.search.file_sets()

    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        return self.search.alternatives()

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return self.search.needed_bytes(settings, sizes)
