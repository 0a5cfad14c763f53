"""HoloPart: pieces of a mesh's surface to whole parts, with what is hidden inside of the mesh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from ...limits import BUDGET_MAX
from ..declare import Options, Record, Row, StageOptions, option
from .partcrafter import GUIDANCE_MAX, RESOLUTION_MAX, RESOLUTION_MIN, STEPS_MAX
from .splitter import Division, Splitter

HOLOPART = "holopart"  # the file set
# Its three networks in half precision, as they are published, and what a step takes
_WEIGHTS, _COMPUTING = 3_830_800_000, 900_000_000


class Completion(StageOptions):
    """The steps, the guidance and the faces are those of the published example."""

    steps: int = option(
        50,
        key="holopart_steps",
        label="Steps",
        tip="Sampler steps of HoloPart for each part, 1 to 100: more take longer",
        subject="the number of HoloPart's steps",
        minimum=1,
        maximum=STEPS_MAX,
        flag="--holopart-steps",
        help="sampler steps of HoloPart",
        trial=2,
        cost=1,
        row=Row(panel="parts", rank=70),
        record=Record(label="Steps", rank=62),
    )
    guidance: float = option(
        3.5,
        key="holopart_guidance",
        label="Guidance",
        tip="How closely each part follows the piece of surface that is there, up to 20; at 1 it is made without guidance, in half the time",
        subject="the guidance of HoloPart",
        minimum=1.0,
        maximum=GUIDANCE_MAX,
        step=50,
        precision=2,
        flag="--holopart-guidance",
        help="how closely HoloPart follows the piece that is there",
        row=Row(panel="parts", rank=72),
        record=Record(label="Guidance", form="g", rank=64),
    )
    resolution: int = option(
        256,
        key="holopart_resolution",
        label="Resolution",
        tip="Cells along each side of the space in which a part's surface is looked for, 64 to 512: more show finer detail and take longer",
        subject="the resolution of HoloPart's parts",
        minimum=RESOLUTION_MIN,
        maximum=RESOLUTION_MAX,
        step=64,
        flag="--holopart-resolution",
        help="cells a side of the volume of HoloPart's parts",
        trial=RESOLUTION_MIN,
        cost=1,
        row=Row(panel="parts", rank=74),
        record=Record(label="Resolution", rank=66),
    )
    faces: int = option(
        10_000,
        key="holopart_faces",
        label="Faces a Part",
        tip="Each part is reduced to this many triangles, at most 5,000,000; 0 leaves it as the model made it",
        subject="the number of faces of HoloPart's parts",
        minimum=0,
        maximum=BUDGET_MAX,
        zero="all of them",
        step=5000,
        flag="--holopart-faces",
        help="triangles of each part of HoloPart; 0 leaves it untouched",
        row=Row(panel="parts", rank=76),
        record=Record(label="Faces a Part", form=",", rank=68, hides_zero=True),
    )

    stages = ("split",)

    def file_sets(self) -> tuple[str, ...]:
        return (HOLOPART,)

    def needed_bytes(self, settings: Any, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return {"split": _WEIGHTS + _COMPUTING}


class HoloPart(Options):
    """The splitter of VAST's model (Yang et al., HoloPart, 2025)."""

    completion: Completion = field(default_factory=Completion)

    engine = Splitter(
        id=HOLOPART,
        label="HoloPart",
        set_up="HoloPart: 4 GB, graphics card",
        tip="Splits a mesh as Built In does, and makes a whole, closed part of each piece, with what is hidden where it was joined to others",
        terms="May be used everywhere, for everything (MIT licence), where its page says so on the day of the download",
        uses=(Division, Completion),
        title="Parts, HoloPart",
        packages=("torch",),
        needs=("split",),
        needs_mesh=True,
    )
