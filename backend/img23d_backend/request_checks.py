"""Requests that make no sense are refused before anything is read or written."""

from __future__ import annotations

import math

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.choices import GROUNDERS, MATTERS, SHAPE_MODELS, SPEEDS, Choice
from img23d_protocol.limits import (
    BUDGET_MAX,
    FACES_MAX,
    FACES_MIN,
    GUIDANCE_MAX,
    OCTREE_MAX,
    OCTREE_MIN,
    SEED_MAX,
    STEPS_MAX,
    TEXTURE_SIZES,
    THICKNESS_MAX,
    THICKNESS_MIN,
)
from img23d_protocol.messages import Box, Generate, LearnedSettings, Locate, Paint, Settings


def check_request(request: Generate | Locate | Paint) -> None:
    """Raises Img23DError(BAD_REQUEST)."""
    if not 0 <= request.seed <= SEED_MAX:
        raise _bad(f"The seed {request.seed} is not between 0 and {SEED_MAX}.")
    if not isinstance(request, Paint):
        for wanted in request.wanted:
            _check_name(wanted.name)
            if wanted.box is not None:
                _check_box(wanted.name, wanted.box)
    _check_learned(request.settings.learned)
    if not isinstance(request, Locate):
        _check_settings(request.settings)
        if not request.run_folder.strip():
            raise _bad("No folder for the results is given.")


def _check_name(name: str) -> None:
    if not name.strip():
        raise _bad("A name is empty: give every object a name.")


def _check_box(name: str, box: Box) -> None:
    sides = (box.left, box.top, box.right, box.bottom)
    if not all(math.isfinite(side) for side in sides):
        raise _bad(f"The box of “{name}” has sides that are no numbers: draw it again.")
    if min(box.right, 1) <= max(box.left, 0) or min(box.bottom, 1) <= max(box.top, 0):
        raise _bad(f"The box of “{name}” is empty or outside of the photo: draw it again.")


def _check_settings(settings: Settings) -> None:
    if settings.texture_size not in TEXTURE_SIZES:
        sizes = " or ".join(map(str, TEXTURE_SIZES))
        raise _bad(f"The texture size must be {sizes}, not {settings.texture_size}.")
    if not FACES_MIN <= settings.faces <= FACES_MAX:
        raise _bad(f"The number of faces must be between {FACES_MIN} and {FACES_MAX}, not {settings.faces}.")
    if not THICKNESS_MIN <= settings.thickness <= THICKNESS_MAX:  # false for NaN as well
        raise _bad(f"The thickness must be between {THICKNESS_MIN} and {THICKNESS_MAX}, not {settings.thickness:g}.")


def _check_learned(learned: LearnedSettings) -> None:
    _check_choice("model to find things", learned.grounder, GROUNDERS)
    _check_choice("model to cut things out", learned.matter, MATTERS)
    _check_choice("shape model", learned.shape_model, SHAPE_MODELS)
    _check_choice("speed", learned.speed, SPEEDS)
    if not 0 <= learned.steps <= STEPS_MAX:
        raise _bad(f"The number of steps must be between 0 and {STEPS_MAX}, not {learned.steps}.")
    if not 0 <= learned.guidance <= GUIDANCE_MAX:
        raise _bad(f"The guidance must be between 0 and {GUIDANCE_MAX:g}, not {learned.guidance:g}.")
    if not OCTREE_MIN <= learned.octree_resolution <= OCTREE_MAX:
        raise _bad(f"The resolution must be between {OCTREE_MIN} and {OCTREE_MAX}, not {learned.octree_resolution}.")
    if not 0 <= learned.faces <= BUDGET_MAX:
        raise _bad(f"The face budget must be between 0 and {BUDGET_MAX}, not {learned.faces}.")


def _check_choice(what: str, chosen: str, choices: tuple[Choice, ...]) -> None:
    identifiers = [identifier for identifier, _, _ in choices]
    if chosen not in identifiers:
        raise _bad(f"There is no {what} called “{chosen}”; there is: {', '.join(identifiers)}.")


def _bad(sentence: str) -> Img23DError:
    return Img23DError(ErrorCode.BAD_REQUEST, sentence)
