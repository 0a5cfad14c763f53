"""Scene.img23d: the photo, what is wanted of it, and how it is made."""

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, StringProperty
from bpy.types import PropertyGroup

from ..shared.img23d_protocol.limits import SEED_MAX
from .defaults import StartSettings
from .parts import Img23DMaskPart
from .quality import QualitySettings
from .targets import Img23DTarget


def _on_photo(values: "Img23DSceneSettings", context: bpy.types.Context) -> None:
    """What was found in one photo is nowhere in another."""
    before, values.listed_photo = values.listed_photo, values.photo
    if before and bpy.path.abspath(before) != bpy.path.abspath(values.photo):
        values.targets.clear()
        values.active_target, values.found_names, values.original_photo = 0, "", ""


def _on_names(values: "Img23DSceneSettings", context: bpy.types.Context) -> None:
    values.named_photo = values.photo


def is_of_other_photo(values: "Img23DSceneSettings") -> bool:
    """Whether the names were typed for another photo than the one that is chosen now, and not used for this one yet."""
    return bool(values.names.strip() and values.named_photo and values.photo) and values.named_photo != values.photo


class Img23DSceneSettings(QualitySettings, StartSettings, PropertyGroup):
    """Scene.img23d"""

    photo: StringProperty(
        name="Photo",
        description="The picture that the objects are made from; a path that begins with // is relative to the .blend",
        update=_on_photo,
    )
    listed_photo: StringProperty(name="Listed Photo", description="The picture that the list of targets belongs to", options={"HIDDEN"})
    original_photo: StringProperty(name="Original Photo", description="The photo that the chosen one was cleaned from", options={"HIDDEN"})
    kept_photo: StringProperty(name="Kept Photo", description="The photo that you keep as it is, whatever is cleaned", options={"HIDDEN"})
    names: StringProperty(
        name="Names",
        description=("What to make, separated by commas: red mug, book, left bottle. Leave it empty to make one object of the whole picture"),
        update=_on_names,
    )
    named_photo: StringProperty(name="Named Photo", description="The picture that the names were typed or used for", options={"HIDDEN"})
    seed: IntProperty(
        name="Seed",
        description="The same seed gives the same result again; -1 draws another one for every run",
        default=-1,
        min=-1,
        max=SEED_MAX,
    )
    targets: CollectionProperty(type=Img23DTarget)
    active_target: IntProperty(name="Target", description="The thing that is shown below the list")
    found_names: StringProperty(name="Found Names", description="The names that were looked for when the list was filled", options={"HIDDEN"})
    has_defaults: BoolProperty(
        name="Has Defaults",
        description="The defaults of the preferences were given to this scene, or it was set up before they could be",
        options={"HIDDEN"},
    )
    parts_from: EnumProperty(
        name="From",
        description="What is looked at",
        items=[
            ("MESH", "The Mesh", "The shape of the selected object alone"),
            ("BOTH", "Mesh and Picture", "The shape of the selected object, and the picture that it was made from or the photo above"),
            ("PICTURE", "The Picture", "The photo above alone: the whole thing is made as well"),
        ],
    )
    mask_file: StringProperty(
        name="Mask", description="A picture that tells the parts apart: 0 or black is background, each other value a part. Left empty, what is painted is taken"
    )
    mask_parts: CollectionProperty(type=Img23DMaskPart)
    active_mask_part: IntProperty(name="Part", description="The part that the brush paints")
    paints_parts: BoolProperty(name="Paint Parts", description="The brush paints the parts of a mask over the photo", options={"HIDDEN"})
    retexture_picture: StringProperty(
        name="Picture",
        description=("The picture to paint the selected meshes from; left empty, the one that each was made from is taken, else the photo above"),
    )
    retexture_splats: BoolProperty(
        name="Colours of Its Splats",
        description="Take the colours from the splats that the mesh was made with, and of its front from the picture, whichever engine is chosen",
    )
    retexture_view: EnumProperty(
        name="Project From",
        description="Where the picture was taken from",
        items=[
            ("FRONT", "Front", "The picture shows the object's front, its -Y side"),
            ("VIEW", "Current View", "The picture shows the object as it is seen in this viewport now"),
        ],
    )
    retexture_uv: EnumProperty(
        name="UV Map",
        description="Which UV map the new texture is painted for; the others stay as they are in any case",
        items=[
            ("NEW", "New UV Map", "Lay the mesh out anew in a UV map of its own: every face gets its own pixels"),
            (
                "OWN",
                "The Mesh's Own",
                "Paint for the UV map that renders use, where it lies in the square and no two faces share pixels",
            ),
        ],
    )


CLASSES = (Img23DSceneSettings,)
