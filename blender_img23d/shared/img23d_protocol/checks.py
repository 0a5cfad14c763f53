"""Settings that make no sense, refused with the same sentence by the panel before it asks and by the backend when it is asked."""

from __future__ import annotations

from collections.abc import Sequence

from .choices import CUTTERS, GROUNDERS, MATTERS, PAINTERS, SHAPE_MODELS, SPEEDS, Choice
from .errors import bad_request
from .limits import (
    BUDGET_MAX,
    FACES_MAX,
    FACES_MIN,
    GUIDANCE_MAX,
    OCTREE_MAX,
    OCTREE_MIN,
    STEPS_MAX,
    TEXTURE_SIZES,
    THICKNESS_MAX,
    THICKNESS_MIN,
)
from .settings import LearnedSettings, Settings


def check_settings(settings: Settings) -> None:
    """Those of the preview engine and of the texture. Raises Img23DError(BAD_REQUEST)."""
    if settings.texture_size not in TEXTURE_SIZES:
        sizes = ", ".join(map(str, TEXTURE_SIZES))
        raise bad_request(f"The texture size must be one of {sizes} pixels, not {settings.texture_size}.")
    if not FACES_MIN <= settings.faces <= FACES_MAX:
        raise bad_request(f"The number of faces must be {FACES_MIN} to {FACES_MAX}, not {settings.faces}.")
    if not THICKNESS_MIN <= settings.thickness <= THICKNESS_MAX:  # false for NaN, too
        raise bad_request(f"The thickness must be {THICKNESS_MIN} to {THICKNESS_MAX}, not {settings.thickness:g}.")
    check_choice("preview engine's cut-out", settings.cutter, CUTTERS)


def check_learned(learned: LearnedSettings) -> None:
    """Those of the learned models. Raises Img23DError(BAD_REQUEST)."""
    check_choice("search model", learned.grounder, GROUNDERS)
    check_choice("cut-out model", learned.matter, MATTERS)
    check_choice("shape model", learned.shape_model, SHAPE_MODELS)
    check_choice("speed", learned.speed, SPEEDS)
    check_choice("painter", learned.painter, PAINTERS)
    for steps in (learned.steps, learned.paint_steps):
        if not 0 <= steps <= STEPS_MAX:
            raise bad_request(f"The number of steps must be 1 to {STEPS_MAX}, or 0 for the model's own, not {steps}.")
    for guidance in (learned.guidance, learned.paint_guidance):
        if not 0 <= guidance <= GUIDANCE_MAX:
            raise bad_request(f"The guidance must be 0 to {GUIDANCE_MAX:g}, where 0 is the model's own, not {guidance:g}.")
    if not OCTREE_MIN <= learned.octree_resolution <= OCTREE_MAX:
        raise bad_request(f"The resolution must be {OCTREE_MIN} to {OCTREE_MAX}, not {learned.octree_resolution}.")
    if not 0 <= learned.faces <= BUDGET_MAX:
        raise bad_request(f"The number of faces must be 1 to {BUDGET_MAX}, or 0 for all of them, not {learned.faces}.")


def check_choice(what: str, value: str, choices: Sequence[Choice]) -> None:
    """Raises Img23DError(BAD_REQUEST) where `value` is no identifier of the choices."""
    known = [identifier for identifier, _, _ in choices]
    if value not in known:
        raise bad_request(f"The {what} must be one of {', '.join(known)}, not “{value}”.")
