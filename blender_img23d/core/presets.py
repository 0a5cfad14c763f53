"""Three qualities, each a table of settings: Draft, Balanced, Best.

Balanced is what a new scene begins with. What says *what* is made, such as whether it gets a texture at all, belongs to none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..shared.img23d_protocol.choices import (
    CUTTERS,
    FINE_CUTTER,
    HUNYUAN3D_ENGINE,
    LIGHT_CUTTER,
    MATTERS,
    PAINTERS,
    PREVIEW_ENGINE,
    PREVIEW_PAINT,
    SHAPE_MODELS,
    SPEEDS,
)
from ..shared.img23d_protocol.limits import BUDGET_DEFAULT, FACES_DEFAULT, OCTREE_DEFAULT, TEXTURE_SIZES

Setting = str | int | float | bool

# The settings that an engine looks at: the others may stand as they like, since they change nothing
_ALWAYS = ("texture_size",)
_OUTLINE_SHAPES = ("faces",)
_BUILT_IN_CUT_OUTS = ("cutter",)
_CUT_OUTS = ("matter",)
_LEARNED_SHAPES = ("shape_model", "speed", "steps", "guidance", "octree_resolution", "budget")
_PAINT = ("painter", "paint_steps", "paint_guidance", "match_positions", "delight")


@dataclass(frozen=True, kw_only=True)
class Preset:
    """`settings` are named as in the panel's properties; texture sizes are text there."""

    name: str
    label: str
    description: str
    settings: Mapping[str, Setting]


def _settings(**changes: Setting) -> Mapping[str, Setting]:
    """Those of Balanced, with some of them changed. Zero steps and guidance: what the model was made for."""
    balanced: dict[str, Setting] = {
        "texture_size": str(TEXTURE_SIZES[0]),
        "faces": FACES_DEFAULT,
        "cutter": CUTTERS[0][0],
        "matter": MATTERS[0][0],
        "shape_model": SHAPE_MODELS[0][0],
        "speed": SPEEDS[0][0],
        "steps": 0,
        "guidance": 0.0,
        "octree_resolution": OCTREE_DEFAULT,
        "budget": BUDGET_DEFAULT,
        "painter": PAINTERS[0][0],
        "paint_steps": 0,
        "paint_guidance": 0.0,
        "match_positions": True,
        "delight": True,
    }
    return MappingProxyType(balanced | changes)


# The models' sizes are those of `choices` and of the backend's registry: Hunyuan3D 2.0 Standard 4.9 GB, BiRefNet HR 0.4 GB. The
# shape of Best takes 50 guided steps where Balanced takes 5 without guidance; the painter is the same.
PRESETS = (
    Preset(
        name="draft",
        label="Draft",
        description=(
            "A quick look: light-weight cut-outs, few faces, small textures, and the photo is projected, so that the sides it does not show "
            "are guessed. "
            "Hunyuan3D needs about 6 GB on the graphics card"
        ),
        settings=_settings(faces=5_000, cutter=LIGHT_CUTTER, octree_resolution=192, budget=10_000, painter=PREVIEW_PAINT),
    ),
    Preset(
        name="balanced",
        label="Balanced",
        description=(
            "Good for most scenes: the small shape model, every side painted, textures of 1024 pixels. "
            "Hunyuan3D needs about 6 GB on the graphics card"
        ),
        settings=_settings(),
    ),
    Preset(
        name="best",
        label="Best",
        description=(
            "For objects seen up close: the large models with all their steps, textures of 4096 pixels. Hunyuan3D then takes many times "
            "as long, needs 8 to 12 GB on the graphics card, and downloads about 5 GB more under AI Models, once and only if you say so"
        ),
        settings=_settings(
            texture_size=str(TEXTURE_SIZES[-1]),
            faces=60_000,
            cutter=FINE_CUTTER,
            matter="birefnet-hr",
            shape_model="hunyuan3d-2",
            speed="standard",
            octree_resolution=384,
            budget=150_000,
        ),
    ),
)
BALANCED = PRESETS[1].name


def preset(name: str) -> Preset:
    """Raises KeyError where there is none of that name."""
    found = next((one for one in PRESETS if one.name == name), None)
    if found is None:
        raise KeyError(name)
    return found


def matching(values: object) -> str:
    """The preset that these settings are, as far as their engine looks at them; empty where they are the artist's own.

    `values` has the settings and `engine` as attributes.
    """
    looked_at = _looked_at(str(getattr(values, "engine", PREVIEW_ENGINE)))
    for one in PRESETS:
        if all(getattr(values, name) == one.settings[name] for name in looked_at):
            return one.name
    return ""


def lower(name: str) -> str:
    """The next lower preset, empty where there is none. Settings of one's own are followed by the lowest, which is less than most."""
    names = [one.name for one in PRESETS]
    if name not in names:
        return names[0]
    place = names.index(name)
    return names[place - 1] if place else ""


def _looked_at(engine: str) -> tuple[str, ...]:
    if engine == HUNYUAN3D_ENGINE:
        return (*_ALWAYS, *_CUT_OUTS, *_LEARNED_SHAPES, *_PAINT)
    return (*_ALWAYS, *_OUTLINE_SHAPES, *(_BUILT_IN_CUT_OUTS if engine == PREVIEW_ENGINE else _CUT_OUTS))
