"""AutoPartGen: parts made one after the other, of a picture, a mesh or both, for non-commercial research."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from ...choices import AUTOPARTGEN_LICENCE
from ...limits import BUDGET_MAX
from ..declare import Choice, Options, Record, Row, StageOptions, option
from .splitter import Splitter

# The identifiers are those of file sets in the backend's registry.
AUTOPARTGEN_MODELS: tuple[Choice, ...] = (
    ("autopartgen-2048", "AutoPartGen 2048", "A part is told in 2048 latent vectors: the first one that was published"),
    ("autopartgen-4096", "AutoPartGen 4096", "In twice as many, trained further: finer, and takes more than twice as long"),
)
AUTOPARTGEN_VAE = "autopartgen-vae"
PICTURE_ENCODER = "dinov2-with-registers-large"  # TRELLIS's as well
MOST_PARTS = 40  # that it was trained for
STEPS_MAX, GUIDANCE_MAX = 200, 20.0
RESOLUTION_MIN, RESOLUTION_MAX = 64, 512  # cells a side of the cube around the whole
# In half precision: what a sampler of so many latents has at once beside the weights, and the decoder with its points
_DIT, _VAE = 3_160_000_000, 490_000_000
_SAMPLING = {"autopartgen-2048": 900_000_000, "autopartgen-4096": 1_400_000_000}
_ENCODER = 1_220_000_000  # it computes in 32 bits


class Making(StageOptions):
    """The defaults are those of AutoPartGen's own configuration, but for the resolution: its README's for a first look."""

    model: str = option(
        AUTOPARTGEN_MODELS[0][0],
        key="autopartgen_model",
        label="Model",
        tip="The model of AutoPartGen that makes the parts",
        subject="the model of AutoPartGen",
        choices=AUTOPARTGEN_MODELS,
        flag="--autopartgen-model",
        help="what makes the parts",
        cost=2,
        row=Row(panel="parts", rank=110),
        record=Record(label="Parts Model", rank=60),
    )
    steps: int = option(
        50,
        key="autopartgen_steps",
        label="Steps",
        tip="Sampler steps of each part, 1 to 200: more take longer",
        subject="the number of steps",
        minimum=1,
        maximum=STEPS_MAX,
        flag="--autopartgen-steps",
        help="sampler steps of each part",
        trial=2,
        cost=1,
        row=Row(panel="parts", rank=120),
        record=Record(label="Part Steps", rank=61),
    )
    image_guidance: float = option(
        0.0,
        key="autopartgen_image_guidance",
        label="Picture Guidance",
        tip="How closely the parts follow the picture, up to 20; 0 takes what the model's makers found best for what is given",
        subject="the guidance by the picture",
        minimum=0.0,
        maximum=GUIDANCE_MAX,
        zero="the makers' choice",
        step=50,
        precision=2,
        flag="--autopartgen-image-guidance",
        help="how closely the parts follow the picture; 0: the makers' choice",
        row=Row(panel="parts", rank=130),
    )
    geometry_guidance: float = option(
        0.0,
        key="autopartgen_geometry_guidance",
        label="Mesh Guidance",
        tip="How closely the parts follow the whole and each other, up to 20; 0 takes what the model's makers found best for what is given",
        subject="the guidance by the mesh",
        minimum=0.0,
        maximum=GUIDANCE_MAX,
        zero="the makers' choice",
        step=50,
        precision=2,
        flag="--autopartgen-mesh-guidance",
        help="how closely the parts follow the whole and each other; 0: the makers' choice",
        row=Row(panel="parts", rank=140),
    )
    most: int = option(
        MOST_PARTS,
        key="autopartgen_most",
        label="At Most",
        tip="It stops after so many parts, 1 to 40, where the model itself finds no end; of painted parts each is made",
        subject="the most parts",
        minimum=1,
        maximum=MOST_PARTS,
        flag="--autopartgen-most",
        help="the most parts that are made, unless they are painted",
        row=Row(panel="parts", rank=150),
        record=Record(label="Parts at Most", rank=62),
    )
    resolution: int = option(
        256,
        key="autopartgen_resolution",
        label="Resolution",
        tip="Cells along each side of the space around the whole, 64 to 512: more shows finer detail and takes longer",
        subject="the resolution",
        minimum=RESOLUTION_MIN,
        maximum=RESOLUTION_MAX,
        step=64,
        flag="--autopartgen-resolution",
        help="cells a side of the space in which the parts are looked for",
        trial=RESOLUTION_MIN,
        cost=1,
        row=Row(panel="parts", rank=160),
        record=Record(label="Parts Resolution", rank=63),
    )
    faces: int = option(
        50_000,
        key="autopartgen_faces",
        label="Faces",
        tip="Each part is reduced to this many triangles, at most 5,000,000; 0 leaves it as the model made it",
        subject="the number of faces",
        minimum=0,
        maximum=BUDGET_MAX,
        zero="all of them",
        step=5000,
        flag="--autopartgen-faces",
        help="triangles of each part; 0 leaves it untouched",
        row=Row(panel="parts", rank=170),
        record=Record(label="Faces", form=",", rank=64, hides_zero=True),
    )

    stages = ("split",)

    def file_sets(self) -> tuple[str, ...]:
        return (self.model, AUTOPARTGEN_VAE, PICTURE_ENCODER)

    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        return tuple((identifier, AUTOPARTGEN_VAE, PICTURE_ENCODER) for identifier, _, _ in AUTOPARTGEN_MODELS)

    def needed_bytes(self, settings: Any, sizes: Mapping[str, int]) -> Mapping[str, int]:
        sampling = _SAMPLING[self.model]
        return {"split": _DIT + sampling + (0 if settings.machine.small_memory else _VAE + _ENCODER)}


class AutoPartGen(Options):
    """The splitter of Meta's model."""

    making: Making = field(default_factory=Making)

    engine = Splitter(
        id="autopartgen",
        label="AutoPartGen",
        set_up="AutoPartGen: 9 GB, from 6 GB graphics memory, for research only",
        tip="Makes the parts of a picture, a mesh or both, one after the other, also where they are hidden by others; for non-commercial research only",
        uses=(Making,),
        title="Parts, AutoPartGen",
        heeds_picture=True,
        heeds_mask=True,
        packages=("torch", "transformers"),
        needs=("split",),
        licence=AUTOPARTGEN_LICENCE,
        licensed=("autopartgen-",),
    )
