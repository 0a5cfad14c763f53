"""What became of a result, as the result list shows it."""

from __future__ import annotations

from enum import Enum


class Standing(Enum):
    """Where a target's result is, for the result list; the value is a sentence where there is something to say."""

    NOTHING = ""
    IN_SCENE = " "
    ON_ITS_WAY = "  "  # it comes by itself as soon as Blender can take it
    READY = "The result is ready: press Import to bring it into this file."
    GONE = "The object is no longer in this file: press Import to bring it back."
    PARTLY = "Not all of this result is in this file: press Import to bring in the rest."
    EDITED = "You have changed the plain mesh, so it was left alone: Import brings the textured one as an object of its own."


IMPORTABLE = (Standing.READY, Standing.GONE, Standing.PARTLY, Standing.EDITED)
