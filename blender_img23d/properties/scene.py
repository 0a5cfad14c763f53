"""Scene.img23d: the photo, what is wanted of it, and how it is made."""

from __future__ import annotations

from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, StringProperty
from bpy.types import PropertyGroup

from ..shared.img23d_protocol.choices import ENGINES
from ..shared.img23d_protocol.limits import SEED_MAX
from .quality import QualitySettings
from .targets import Img23DTarget


class Img23DSceneSettings(QualitySettings, PropertyGroup):
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


CLASSES = (Img23DSceneSettings,)
