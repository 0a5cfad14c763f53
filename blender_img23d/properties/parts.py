"""Object.img23d_parts: the parts that an object is to be cut into, as the artist sees and corrects them."""

import bpy
from bpy.props import BoolProperty, CollectionProperty, FloatVectorProperty, IntProperty, PointerProperty, StringProperty
from bpy.types import PropertyGroup

from ..core.session import app


def _on_look(row: "Img23DPart", context: bpy.types.Context) -> None:
    """The preview shows it."""
    owner = app.installed()
    if owner is not None:
        owner.on_parts_changed(row.id_data)


def _on_chosen(parts: "Img23DParts", context: bpy.types.Context) -> None:
    """A click on a line selects this part alone."""
    for index, row in enumerate(parts.rows):
        row.is_marked = index == parts.active
    owner = app.installed()
    if owner is not None:
        owner.on_parts_changed(parts.id_data)


class Img23DPart(PropertyGroup):
    """One line of the list of parts."""

    name: StringProperty(name="Name", description="What this part is; its object gets this name. Double-click to change it")
    number: IntProperty(name="Number", description="What the mesh's faces call this part", options={"HIDDEN"})
    color: FloatVectorProperty(name="Colour", description="The part's colour in the preview", size=3, min=0.0, max=1.0, subtype="COLOR_GAMMA", update=_on_look)
    use: BoolProperty(
        name="Make", description="Make an object of this part; switched off, it stays a part of the hidden original only", default=True, update=_on_look
    )
    is_shown: BoolProperty(name="Show", description="Show this part in its colour; switched off, it is grey", default=True, update=_on_look)
    is_marked: BoolProperty(name="Selected", options={"HIDDEN"})
    files: StringProperty(name="Files", description="Where a model made the part: its meshes, one a line", options={"HIDDEN"})


class Img23DParts(PropertyGroup):
    """Of the object that carries the preview, and as far as `stand_in` of the one that is divided."""

    rows: CollectionProperty(type=Img23DPart)
    active: IntProperty(name="Part", description="The part that is selected", update=_on_chosen)
    source: PointerProperty(name="Whole", description="The object that is divided, where another one carries its preview", type=bpy.types.Object)
    stand_in: PointerProperty(name="Preview", description="The object that carries the preview", type=bpy.types.Object)
    was_visible: BoolProperty(name="Was Visible", description="Whether the object was visible before its preview took its place", options={"HIDDEN"})
    run: StringProperty(name="Run", options={"HIDDEN"})
    folder: StringProperty(name="Folder", options={"HIDDEN"})
    splitter: StringProperty(name="Split With", options={"HIDDEN"})
    licence: StringProperty(name="Licence", options={"HIDDEN"})
    settings: StringProperty(name="Settings", options={"HIDDEN"})
    seed: IntProperty(name="Seed", options={"HIDDEN"})
    note: StringProperty(name="Note", options={"HIDDEN"})


class Img23DMaskPart(PropertyGroup):
    """One part of the mask that is painted over the photo."""

    name: StringProperty(name="Name", description="What this part is, for yourself: the splitter tells parts apart by what is painted")
    strokes: StringProperty(name="Brush Strokes", description="Where it was painted, as JSON (see core.strokes)", options={"HIDDEN"})
    color: FloatVectorProperty(name="Colour", description="What this part is painted in", size=3, min=0.0, max=1.0, subtype="COLOR_GAMMA")


def own_parts(obj: bpy.types.Object) -> Img23DParts | None:
    """None where it never had any: asking for the property itself would give the object an empty group."""
    return obj.img23d_parts if obj.is_property_set("img23d_parts") else None


CLASSES = (Img23DPart, Img23DParts, Img23DMaskPart)
