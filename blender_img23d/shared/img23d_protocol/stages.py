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
