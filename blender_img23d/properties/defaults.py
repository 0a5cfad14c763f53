"""What a scene begins with, and the group in the preferences that says so for new scenes."""

from bpy.props import BoolProperty, EnumProperty
from bpy.types import PropertyGroup

from ..shared.img23d_protocol.options.settings import ENGINES, OPTIONS
from .quality import QualitySettings


class StartSettings:
    """Mixed into the same groups as `QualitySettings`."""

    engine: EnumProperty(
        name="Engine",
        description="What looks at the photo and builds the objects",
        items=list(ENGINES),
    )
    check_first: BoolProperty(
        name="Check Before Generating",
        description=("The first press of Generate only looks for the names and shows what it found; correct it where you like and press Generate again"),
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


class Img23DDefaults(QualitySettings, StartSettings, PropertyGroup):
    """Preferences.defaults"""


QUALITY_FIELDS = tuple(one.key for one in OPTIONS if not one.is_machine)
DEFAULT_FIELDS = (*StartSettings.__annotations__, *QUALITY_FIELDS)

CLASSES = (Img23DDefaults,)
