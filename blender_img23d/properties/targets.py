"""The things of the photo that are to be made, as the artist sees and corrects them."""

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, FloatVectorProperty, IntProperty, StringProperty
from bpy.types import PropertyGroup

from ..shared.img23d_protocol.limits import BUDGET_MAX, FACES_MIN, HEIGHT_MAX
from .quality import KINDS


def _percent(label: str, description: str, default: float) -> FloatProperty:
    return FloatProperty(
        name=label,
        description=description,
        default=default,
        min=0.0,
        max=100.0,
        precision=1,
        subtype="PERCENTAGE",
        update=_on_edge,
    )


def _on_edge(target: "Img23DTarget", context: bpy.types.Context) -> None:
    """Whoever moves an edge has drawn the box; the note, the cut-out and the picked point were of the old one."""
    if target.has_point:
        target.has_point = False
    if not (target.has_box and target.is_drawn):
        target.has_box = target.is_drawn = True
    if target.note or target.cutout:
        target.note = target.cutout = target.automatic = ""


def _on_height(target: "Img23DTarget", context: bpy.types.Context) -> None:
    """A field takes `inf` and `nan` as numbers. What nothing measures is not known."""
    height = target.height * context.scene.unit_settings.scale_length
    if not 0.0 <= height <= HEIGHT_MAX:  # true for NaN, too
        target.height = 0.0


def _photo(label: str, description: str) -> StringProperty:
    return StringProperty(name=label, description=description, subtype="FILE_PATH")


def _on_faces(target: "Img23DTarget", context: bpy.types.Context) -> None:
    if 0 < target.faces < FACES_MIN:
        target.faces = FACES_MIN


class Img23DTarget(PropertyGroup):
    """A thing that was found in the photo or that the artist drew; percent of the upright photo, y downwards."""

    name: StringProperty(name="Name", description="What this is; the object gets this name")
    use: BoolProperty(name="Make", description="Make this one; switched off, it stays in the list and nothing is made of it", default=True)
    has_box: BoolProperty(
        name="Has a Box",
        description="Whether it is known where this is; a name that was not found has no box until you draw one",
        options={"HIDDEN"},
    )
    left: _percent("Left", "Left edge of the box, in percent of the photo's width from its left side", 25.0)
    top: _percent("Top", "Top edge of the box, in percent of the photo's height from its top", 25.0)
    right: _percent("Right", "Right edge of the box, in percent of the photo's width from its left side", 75.0)
    bottom: _percent("Bottom", "Bottom edge of the box, in percent of the photo's height from its top", 75.0)
    has_point: BoolProperty(name="Picked", description="You picked this with a click; it is what stands apart at that point", options={"HIDDEN"})
    point: FloatVectorProperty(
        name="Point",
        description="Where you clicked, in fractions of the photo from its upper left corner",
        size=2,
        min=0.0,
        max=1.0,
        options={"HIDDEN"},
    )
    found_as: StringProperty(name="Found As", description="The typed name that this was found for; empty for what you added", options={"HIDDEN"})
    is_drawn: BoolProperty(name="Drawn", description="You drew or moved this box", options={"HIDDEN"})
    note: StringProperty(name="Note", description="What there is to know about where it was found", options={"HIDDEN"})
    cutout: StringProperty(name="Cut-out", description="The picture of the cut-out", options={"HIDDEN"})
    strokes: StringProperty(name="Brush Strokes", description="What you brushed in and out, as JSON (see core.strokes)", options={"HIDDEN"})
    shape: EnumProperty(
        name="Kind",
        description="What kind of solid this becomes; Automatic leaves it to Kind under Shape",
        items=KINDS,
    )
    left_photo: _photo("Left", "A photo of what is at its left in the first photo")
    back_photo: _photo("Back", "A photo of its back")
    right_photo: _photo("Right", "A photo of what is at its right in the first photo")
    automatic: StringProperty(name="Automatic Kind", description="The kind that Automatic comes to", options={"HIDDEN"})
    height: FloatProperty(
        name="Real Height",
        description="How tall it really is; 0 where you don't know. One height sets the size of everything in the photo",
        default=0.0,
        min=0.0,
        soft_max=10.0,
        unit="LENGTH",
        update=_on_height,
    )
    is_edited: BoolProperty(
        name="Clean",
        description="Clean the cut-out of this one; switched off, it stays as the photo has it",
        default=True,
    )
    faces: IntProperty(
        name="Faces",
        description="At most this many triangles for this one, from 500; 0 takes the number that is set for all",
        default=0,
        min=0,
        max=BUDGET_MAX,
        step=500,
        update=_on_faces,
    )


CLASSES = (Img23DTarget,)
