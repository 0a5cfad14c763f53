"""What the artist can set: kept in the scene, so that a .blend remembers it. Nothing here does anything by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)
from bpy.types import PropertyGroup

from .shared.img23d_protocol.choices import ENGINES, GROUNDERS, MATTERS, PAINTERS, SHAPE_MODELS, SPEEDS
from .shared.img23d_protocol.limits import (
    BUDGET_DEFAULT,
    BUDGET_MAX,
    FACES_DEFAULT,
    FACES_MAX,
    FACES_MIN,
    GUIDANCE_MAX,
    OCTREE_DEFAULT,
    OCTREE_MAX,
    OCTREE_MIN,
    SEED_MAX,
    STEPS_MAX,
    TEXTURE_SIZES,
    THICKNESS_MAX,
    THICKNESS_MIN,
)

if TYPE_CHECKING:
    from .preferences import Img23DPreferences

ROOT_PACKAGE = __package__  # "bl_ext.<repository>.img23d" once installed


def preferences_of(context: bpy.types.Context) -> Img23DPreferences:
    return context.preferences.addons[ROOT_PACKAGE].preferences


def _percent(label: str, description: str, default: float) -> FloatProperty:
    return FloatProperty(
        name=label, description=description, default=default, min=0.0, max=100.0, precision=1, subtype="PERCENTAGE"
    )


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
    is_drawn: BoolProperty(name="Drawn", description="You drew or moved this box", options={"HIDDEN"})
    note: StringProperty(name="Note", description="What there is to know about where it was found", options={"HIDDEN"})
    cutout: StringProperty(name="Cut-out", description="The picture of the cut-out", options={"HIDDEN"})
    strokes: StringProperty(
        name="Brush Strokes", description="What you brushed in and out, as JSON (see core.strokes)", options={"HIDDEN"}
    )
    height: FloatProperty(
        name="Real Height",
        description="How tall it really is; 0 where you don't know. One height sets the size of everything in the photo",
        default=0.0,
        min=0.0,
        soft_max=10.0,
        unit="LENGTH",
    )


class Img23DSceneSettings(PropertyGroup):
    """Scene.img23d"""

    photo: StringProperty(
        name="Photo",
        description="The picture that the objects are made from; a path that begins with // is relative to the .blend",
    )
    names: StringProperty(
        name="Names",
        description=(
            "What to make, separated by commas: red mug, book, left bottle. "
            "Leave it empty to make one object of the whole picture"
        ),
    )
    engine: EnumProperty(
        name="Engine",
        description="What looks at the photo and builds the objects",
        items=list(ENGINES),
    )
    texture: BoolProperty(
        name="Texture",
        description="Paint the objects with the photo; without it they get one plain colour and are ready sooner",
        default=True,
    )
    texture_size: EnumProperty(
        name="Texture Size",
        description="Width and height of each texture in pixels",
        items=[(str(size), f"{size} px", f"{size} x {size} pixels an object") for size in TEXTURE_SIZES],
    )
    faces: IntProperty(
        name="Faces",
        description="At most that many triangles an object",
        default=FACES_DEFAULT,
        min=FACES_MIN,
        max=FACES_MAX,
        step=500,
    )
    shape: EnumProperty(
        name="Kind",
        description="How an outline becomes a solid",
        items=[
            ("auto", "Automatic", "Turned on a lathe where the outline is symmetric, rounded otherwise"),
            ("inflate", "Rounded", "The outline is filled like a cushion; for toys, fruit, animals, chairs"),
            ("revolve", "Lathe", "The outline is turned about its upright axis; for bottles, bowls, lamps"),
        ],
    )
    thickness: FloatProperty(
        name="Thickness",
        description="Depth of a rounded object: 1 is as round as it is wide, less is flatter",
        default=1.0,
        min=THICKNESS_MIN,
        max=THICKNESS_MAX,
        step=5,
        precision=2,
    )
    grounder: EnumProperty(
        name="Find With",
        description="The model that looks for the named things",
        items=list(GROUNDERS),
    )
    matter: EnumProperty(
        name="Cut Out With",
        description="The model that cuts the things out",
        items=list(MATTERS),
    )
    shape_model: EnumProperty(
        name="Shape Model",
        description="The model that makes a solid of a cut-out",
        items=list(SHAPE_MODELS),
    )
    speed: EnumProperty(
        name="Speed",
        description="Which variant of the shape model works",
        items=list(SPEEDS),
    )
    steps: IntProperty(
        name="Steps",
        description="Sampler steps of the shape model; 0 takes the number that it was made for",
        default=0,
        min=0,
        max=STEPS_MAX,
    )
    guidance: FloatProperty(
        name="Guidance",
        description="How closely the shape follows the photo; 0 takes what the model was made for",
        default=0.0,
        min=0.0,
        max=GUIDANCE_MAX,
        step=50,
        precision=1,
    )
    octree_resolution: IntProperty(
        name="Resolution",
        description="Cells along each side of the space in which the surface is looked for: more shows finer detail, slower",
        default=OCTREE_DEFAULT,
        min=OCTREE_MIN,
        max=OCTREE_MAX,
        step=32,
    )
    budget: IntProperty(
        name="Faces",
        description="The shape is reduced to that many triangles; 0 leaves it as the model made it",
        default=BUDGET_DEFAULT,
        min=0,
        max=BUDGET_MAX,
        step=5000,
    )
    painter: EnumProperty(
        name="Paint With",
        description="The model that paints the shapes, and the meshes that are re-textured",
        items=list(PAINTERS),
    )
    paint_steps: IntProperty(
        name="Steps",
        description="Sampler steps of the painter; 0 takes the number that it was made for",
        default=0,
        min=0,
        max=STEPS_MAX,
    )
    paint_guidance: FloatProperty(
        name="Guidance",
        description="How closely the painted sides follow the photo; 0 takes what the painter was made for",
        default=0.0,
        min=0.0,
        max=GUIDANCE_MAX,
        step=50,
        precision=1,
    )
    delight: BoolProperty(
        name="Remove Light and Shadow",
        description=(
            "Take the photo's light and shadow out before it is painted with, so that your scene's lights "
            "are the only ones; without it painting is faster, and the photo's shading stays in the texture"
        ),
        default=True,
    )
    seed: IntProperty(
        name="Seed",
        description="The same seed gives the same result again; -1 draws another one for every run",
        default=-1,
        min=-1,
        max=SEED_MAX,
    )
    targets: CollectionProperty(type=Img23DTarget)
    active_target: IntProperty(name="Target", description="The thing whose box is shown below the list")
    found_names: StringProperty(
        name="Found Names", description="The names that were looked for when the list was filled", options={"HIDDEN"}
    )
    check_first: BoolProperty(
        name="Check Before Generating",
        description=(
            "The first press of Generate only looks for the names and shows what it found; "
            "correct it where you like and press Generate again"
        ),
    )
    layout: EnumProperty(
        name="Place",
        description="Where the new objects stand",
        items=[
            (
                "PHOTO",
                "As in the Photo",
                "On the ground where they stand in the photo, with a camera that sees them as the photo does",
            ),
            ("ROW", "In a Row", "Side by side in the middle of the world; later rows stand in front"),
            ("CURSOR", "At the 3D Cursor", "Side by side at the 3D cursor"),
        ],
    )
    retexture_picture: StringProperty(
        name="Picture",
        description=(
            "The picture to paint the selected meshes from; left empty, the one that each was made from is taken, "
            "else the photo above"
        ),
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


class Img23DResultRow(PropertyGroup):
    """One line of the result list; what it shows is looked up in the session's job."""

    index: IntProperty()


class Img23DWeightsRow(PropertyGroup):
    """One line of the list of models; what it shows is looked up in what the session knows."""

    index: IntProperty()


class Img23DWindowState(PropertyGroup):
    """WindowManager.img23d: what is only on screen and never saved."""

    job: StringProperty(name="Run", description="The run whose results are listed")
    rows: CollectionProperty(type=Img23DResultRow)
    active_row: IntProperty(name="Result", description="The result whose cut-out and messages are shown below the list")
    weights: CollectionProperty(type=Img23DWeightsRow)
    active_weights: IntProperty(name="Model", description="The model whose details are shown below the list")


CLASSES = (Img23DTarget, Img23DSceneSettings, Img23DResultRow, Img23DWeightsRow, Img23DWindowState)


def attach() -> None:
    """After the classes are registered."""
    bpy.types.Scene.img23d = PointerProperty(type=Img23DSceneSettings)
    bpy.types.WindowManager.img23d = PointerProperty(type=Img23DWindowState)


def detach() -> None:
    del bpy.types.WindowManager.img23d
    del bpy.types.Scene.img23d
