"""PartCrafter: one picture to a given number of parts at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from ...limits import BUDGET_MAX
from ..declare import Options, Record, Row, StageOptions, option
from .splitter import Splitter

PARTCRAFTER = "partcrafter"  # the file set
PARTS_MAX = 16  # for as many it was trained
STEPS_MAX = 100
GUIDANCE_MAX = 20.0
RESOLUTION_MIN, RESOLUTION_MAX = 64, 512  # cells a side of the cube in which a part's surface is looked for
# Its three networks in half precision, as they are published, and what a step takes for each part and beside them
_WEIGHTS, _PER_PART, _COMPUTING = 3_973_500_000, 90_000_000, 900_000_000


class PartCrafting(StageOptions):
    """The steps, the guidance and the number of tokens a part are those of the published example."""

    parts: int = option(
        4,
        key="partcrafter_parts",
        label="Parts",
        tip="How many parts PartCrafter makes of what the picture shows, 1 to 16",
        subject="the number of PartCrafter's parts",
        minimum=1,
        maximum=PARTS_MAX,
        flag="--partcrafter-parts",
        help="how many parts PartCrafter makes",
        trial=2,
        cost=1,
        row=Row(panel="parts", rank=60),
        record=Record(label="Parts", rank=60),
    )
    steps: int = option(
        50,
        key="partcrafter_steps",
        label="Steps",
        tip="Sampler steps of PartCrafter, 1 to 100: more take longer",
        subject="the number of PartCrafter's steps",
        minimum=1,
        maximum=STEPS_MAX,
        flag="--partcrafter-steps",
        help="sampler steps of PartCrafter",
        trial=2,
        cost=1,
        row=Row(panel="parts", rank=62),
        record=Record(label="Steps", rank=62),
    )
    guidance: float = option(
        7.0,
        key="partcrafter_guidance",
        label="Guidance",
        tip="How closely the parts follow the picture, up to 20; at 1 they are made without guidance, in half the time",
        subject="the guidance of PartCrafter",
        minimum=1.0,
        maximum=GUIDANCE_MAX,
        step=50,
        precision=2,
        flag="--partcrafter-guidance",
        help="how closely PartCrafter follows the picture",
        row=Row(panel="parts", rank=64),
        record=Record(label="Guidance", form="g", rank=64),
    )
    resolution: int = option(
        256,
        key="partcrafter_resolution",
        label="Resolution",
        tip="Cells along each side of the space in which the parts' surfaces are looked for, 64 to 512: more show finer detail and take longer",
        subject="the resolution of PartCrafter's parts",
        minimum=RESOLUTION_MIN,
        maximum=RESOLUTION_MAX,
        step=64,
        flag="--partcrafter-resolution",
        help="cells a side of the volume of PartCrafter's parts",
        trial=RESOLUTION_MIN,
        cost=1,
        row=Row(panel="parts", rank=66),
        record=Record(label="Resolution", rank=66),
    )
    faces: int = option(
        20_000,
        key="partcrafter_faces",
        label="Faces a Part",
        tip="Each part is reduced to this many triangles, at most 5,000,000; 0 leaves it as the model made it",
        subject="the number of faces of PartCrafter's parts",
        minimum=0,
        maximum=BUDGET_MAX,
        zero="all of them",
        step=5000,
        flag="--partcrafter-faces",
        help="triangles of each part of PartCrafter; 0 leaves it untouched",
        row=Row(panel="parts", rank=68),
        record=Record(label="Faces a Part", form=",", rank=68, hides_zero=True),
    )

    stages = ("split",)

    def file_sets(self) -> tuple[str, ...]:
        return (PARTCRAFTER,)

    def needed_bytes(self, settings: Any, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return {"split": _WEIGHTS + _COMPUTING + self.parts * _PER_PART}


class PartCrafter(Options):
    """The splitter of Peking University's model (Lin et al., PartCrafter, 2025)."""

    crafting: PartCrafting = field(default_factory=PartCrafting)

    engine = Splitter(
        id=PARTCRAFTER,
        label="PartCrafter",
        set_up="PartCrafter: 4 GB, graphics card",
        tip="Makes a given number of closed parts of what a picture shows, all at once; with a mesh as well, they are put in its place",
        terms="May be used everywhere, for everything (MIT licence)",
        uses=(PartCrafting,),
        title="Parts, PartCrafter",
        packages=("torch", "transformers"),
        needs=("split",),
        heeds_picture=True,
        needs_picture=True,
    )
