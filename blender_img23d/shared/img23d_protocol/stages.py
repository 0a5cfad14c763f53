"""The named steps of the pipeline."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """In the order in which a job goes through them; which of them it does says `messages.Accepted`."""

    EDIT = "edit"
    LOCATE = "locate"
    MATTE = "matte"
    SHAPE = "shape"
    SPLIT = "split"
    PAINT = "paint"

    @property
    def is_for_each(self) -> bool:
        """Done for each target, the others once a job."""
        return self not in (Stage.EDIT, Stage.LOCATE)


# What a job that makes meshes goes through where nothing else is said
USUAL = (Stage.LOCATE, Stage.MATTE, Stage.SHAPE, Stage.PAINT)


def usual(*, edits_photo: bool = False, edits_things: bool = False) -> tuple[Stage, ...]:
    """The same, with the photo edited before anything is looked for in it, or each thing after it was cut out."""
    first, *rest = USUAL
    photo, things = (Stage.EDIT,) if edits_photo else (), (Stage.EDIT,) if edits_things else ()
    return (*photo, first, rest[0], *things, *rest[1:])
