"""Cutting the things out: every engine with learned models heeds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .declare import Choice, Record, Row, StageOptions, option

if TYPE_CHECKING:
    from .settings import Settings

BUILT_IN_MATTE = "preview"  # the preview engine's
LIGHT_MATTE = "birefnet-lite"
LARGE_MATTE = "birefnet-hr"
# The other identifiers are those of file sets in the backend's registry.
MATTERS: tuple[Choice, ...] = (
    ("birefnet-general", "BiRefNet", "Clean cut-outs of almost anything; about 0.4 GB"),
    (LIGHT_MATTE, "BiRefNet lite", "Smaller and faster, a little less exact at fine edges; about 0.2 GB"),
    (LARGE_MATTE, "BiRefNet HR", "Works at 2048 pixels: hair, leaves, wire; needs more memory; about 0.4 GB"),
    (BUILT_IN_MATTE, "Built in (IS-Net)", "The preview engine's cut-out, which comes with Img23D: no download"),
)
# engines/birefnet/inference.py: 330 values of 2 bytes a pixel, at 1024 and at 2048 pixels a side
_CUTTING_OUT, _CUTTING_OUT_LARGE = 700_000_000, 2_800_000_000


class Matte(StageOptions):
    """The model that cuts them out."""

    matter: str = option(
        MATTERS[0][0],
        label="Cut Out With",
        tip="The model that cuts the things out; the built-in one stands in where it is not downloaded",
        subject="the cut-out model",
        choices=MATTERS,
        presets={"best": LARGE_MATTE},
        flag="--matter",
        help="what cuts them out",
        cost=1,
        row=Row(panel="search", rank=20),
        record=Record(label="Cut Out With", rank=20),
    )

    stages = ("matte",)

    def file_sets(self) -> tuple[str, ...]:
        return () if self.matter == BUILT_IN_MATTE else (self.matter,)

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        if self.matter == BUILT_IN_MATTE:
            return {"matte": settings.preview.cut_outs.memory}
        return {"matte": sizes.get(self.matter, 0) + (_CUTTING_OUT_LARGE if self.is_heavy("matte") else _CUTTING_OUT)}

    def is_heavy(self, stage: str) -> bool:
        return stage == "matte" and self.matter == LARGE_MATTE


class LightMatte(StageOptions):
    """The same for the engine that is made for any machine: another model comes first, at every quality."""

    light_matter: str = option(
        LIGHT_MATTE,
        label="Cut Out With",
        tip="The model that cuts the things out; the built-in one stands in where it is not downloaded",
        subject="the cut-out model of the light engine",
        choices=(MATTERS[1], MATTERS[0], *MATTERS[2:]),
        flag="--light-matter",
        help="what cuts them out in the light engine",
        cost=1,
        row=Row(panel="search", rank=20),
        record=Record(label="Cut Out With", rank=20),
    )

    stages = ("matte",)

    @property
    def matte(self) -> Matte:
        """As every engine's stage of this kind reads it."""
        return Matte(matter=self.light_matter)

    def file_sets(self) -> tuple[str, ...]:
        return self.matte.file_sets()

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return self.matte.needed_bytes(settings, sizes)

    def is_heavy(self, stage: str) -> bool:
        return self.matte.is_heavy(stage)
