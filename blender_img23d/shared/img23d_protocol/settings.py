"""What the artist can set for a run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from .choices import AUTO_DEVICE, CUTTERS, GROUNDERS, MATTERS, PAINTERS, SHAPE_MODELS, SPEEDS, shape_set
from .limits import BUDGET_DEFAULT, FACES_DEFAULT, FACES_MAX, FACES_MIN, OCTREE_DEFAULT, TEXTURE_SIZES


class ShapeKind(StrEnum):
    """How the preview engine turns an outline into a solid."""

    AUTO = "auto"
    INFLATE = "inflate"
    REVOLVE = "revolve"
    FLAT = "flat"


class Nameless(StrEnum):
    """What the preview engine makes of a photo without names."""

    WHOLE = "whole"  # everything that stands out, as one thing
    EACH = "each"  # each by itself


@dataclass(frozen=True, kw_only=True)
class StageDevices:
    """Where each stage computes: "auto", "gpu" (the first), "gpu:1" and so on, or "cpu"."""

    locate: str = AUTO_DEVICE
    matte: str = AUTO_DEVICE
    shape: str = AUTO_DEVICE
    paint: str = AUTO_DEVICE


@dataclass(frozen=True, kw_only=True)
class LearnedSettings:
    """Settings of the learned models (`choices` lists the identifiers). Zero means the model's own value."""

    grounder: str = GROUNDERS[0][0]
    matter: str = MATTERS[0][0]
    shape_model: str = SHAPE_MODELS[0][0]
    speed: str = SPEEDS[0][0]
    steps: int = 0
    guidance: float = 0.0
    octree_resolution: int = OCTREE_DEFAULT
    faces: int = BUDGET_DEFAULT  # triangles; 0 leaves the mesh untouched
    painter: str = PAINTERS[0][0]
    paint_steps: int = 0
    paint_guidance: float = 0.0  # the turbo painter has none
    match_positions: bool = True  # the turbo painter compares only places of the sides that are close on the object
    delight: bool = True  # take light and shadow out of the photo before it is painted with
    small_memory: bool = False  # keep the peak below 4 GB, slower
    devices: StageDevices = field(default_factory=StageDevices)

    @property
    def shape_set(self) -> str:
        """The shape model's file set."""
        return shape_set(self.shape_model, self.speed)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the artist can set. `thickness` scales the depth of an inflated shape (1 = as round as it is wide).

    `faces`, `shape`, `thickness`, `cutter` (of `choices.CUTTERS`) and `nameless` are the preview engine's; `learned` is for the
    engines with learned models.
    """

    texture: bool = True
    texture_size: int = TEXTURE_SIZES[0]  # pixels a side
    faces: int = FACES_DEFAULT  # at most that many triangles
    quads: bool = False  # Blender makes quads of them when they are there
    shape: ShapeKind = ShapeKind.AUTO
    thickness: float = 1.0
    cutter: str = CUTTERS[0][0]
    nameless: Nameless = Nameless.WHOLE
    learned: LearnedSettings = field(default_factory=LearnedSettings)

    def with_faces(self, faces: int) -> Settings:
        """The same for one thing with a number of its own; 0 changes nothing. What an engine cannot make so many of gets its most."""
        if not faces:
            return self
        learned = replace(self.learned, faces=faces)
        return replace(self, faces=min(max(faces, FACES_MIN), FACES_MAX), learned=learned)
