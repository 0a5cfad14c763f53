"""Why a file of splats cannot be read, in a sentence for the artist."""

from __future__ import annotations

from ....shared.img23d_protocol import ErrorCode, Img23DError

EMPTY = "This file holds no splats."
TRUNCATED = "This file ends in the middle: copy or download it again."
DAMAGED = "This file of splats is damaged and cannot be read: copy or download it again."
FOREIGN = "This is no file of splats: choose a PLY or SPZ file that has some."
NO_NUMBERS = "None of the splats of this file has a place and a size that can be shown: it is damaged."
TOO_MANY = "This file holds more splats than Blender can show: make it smaller in the program that it is from."
UNREADABLE = "This file cannot be read: see whether it is still there, and whether you may open it."


class SplatFileError(Img23DError):
    """The file cannot be shown, and why; nothing was changed."""

    def __init__(self, sentence: str, detail: str = "") -> None:
        super().__init__(ErrorCode.MESH_UNREADABLE, sentence, detail)
