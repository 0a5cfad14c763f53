"""Three qualities, each a table of settings made from what the options say: Draft, Balanced, Best.

Balanced is what a new scene begins with. What says *what* is made, such as whether it gets a texture at all, belongs to none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from ..shared.img23d_protocol.options.declare import Plain
from ..shared.img23d_protocol.options.settings import OPTIONS, engine_named
from ..shared.img23d_protocol.values import Value

Setting = Plain


class Preset(Value):
    """`settings` are named as in the panel's properties; texture sizes are text there."""

    name: str
    label: str
    description: str
    settings: Mapping[str, Setting]


def _settings(name: str) -> Mapping[str, Setting]:
    """What the options that a quality stands for say about it, else their defaults."""
    return MappingProxyType({one.key: one.as_property(one.presets.get(name, one.default)) for one in OPTIONS if one.presets is not None})


# The models' sizes are those of `options` and of the backend's registry: Hunyuan3D 2.0 Standard 4.9 GB, BiRefNet HR 0.4 GB. The
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
        settings=_settings("draft"),
    ),
    Preset(
        name="balanced",
        label="Balanced",
        description=(
            "Good for most scenes: the small shape model, every side painted, textures of 1024 pixels. Hunyuan3D needs about 6 GB on the graphics card"
        ),
        settings=_settings("balanced"),
    ),
    Preset(
        name="best",
        label="Best",
        description=(
            "For objects seen up close: the large models with all their steps, textures of 4096 pixels. Hunyuan3D then takes many times "
            "as long, needs 8 to 12 GB on the graphics card, and downloads about 5 GB more under AI Models, once and only if you say so"
        ),
        settings=_settings("best"),
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
    engine = engine_named(str(getattr(values, "engine", "")))
    for one in PRESETS:
        if all(_is(getattr(values, name), value) for name, value in one.settings.items() if engine.heeds(name)):
            return one.name
    return ""


def _is(value: object, wanted: Setting) -> bool:
    """Blender keeps fractions in single precision: 2.4 comes back as 2.4000001."""
    return math.isclose(value, wanted, rel_tol=1e-6) if isinstance(value, float) and isinstance(wanted, float) else value == wanted


def lower(name: str) -> str:
    """The next lower preset, empty where there is none. Settings of one's own are followed by the lowest, which is less than most."""
    names = [one.name for one in PRESETS]
    if name not in names:
        return names[0]
    place = names.index(name)
    return names[place - 1] if place else ""
