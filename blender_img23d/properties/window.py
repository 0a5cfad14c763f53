"""WindowManager.img23d: what is only on screen and never saved."""

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, IntProperty, StringProperty
from bpy.types import PropertyGroup

from ..core.session import app
from ..shared.img23d_protocol.limits import FACES_MAX, VARIANTS_MAX


class Img23DResultRow(PropertyGroup):
    """One line of the result list; what it shows is looked up in the session's job."""

    index: IntProperty()


class Img23DWeightsRow(PropertyGroup):
    """One line of the list of models; what it shows is looked up in what the session knows."""

    index: IntProperty()


class Img23DRunRow(PropertyGroup):
    """One line of the list of past runs; what it shows is looked up in the session's job."""

    job: StringProperty(name="Run", description="The run's id", options={"HIDDEN"})
    tip: StringProperty(name="Name", description="Its whole name, where the list has no room for it", options={"HIDDEN"})


def _on_run_chosen(state: "Img23DWindowState", context: bpy.types.Context) -> None:
    """A click into the list of past runs: its results are listed."""
    if not 0 <= state.active_run < len(state.runs) or state.job == state.runs[state.active_run].job:
        return
    state.job, state.active_row = state.runs[state.active_run].job, 0
    owner = app.installed()
    if owner is not None:
        owner.pump.is_stale = True
        owner.pump.wake()


class Img23DWindowState(PropertyGroup):
    """WindowManager.img23d: what is only on screen and never saved."""

    job: StringProperty(name="Run", description="The run whose results are listed")
    rows: CollectionProperty(type=Img23DResultRow)
    active_row: IntProperty(name="Result", description="The result whose cut-out and messages are shown below the list")
    runs: CollectionProperty(type=Img23DRunRow)
    active_run: IntProperty(name="Past Run", description="The run whose results are listed", default=-1, update=_on_run_chosen)
    again_place: EnumProperty(
        name="Result",
        description="Where an object that is made again goes",
        items=[
            ("IN_PLACE", "In Place", "It takes the place of the old one, with its name, its transform and its modifiers"),
            ("BESIDE", "Beside", "It is put beside the old one, which stays as it is"),
        ],
    )
    again_with_panel: BoolProperty(
        name="With the Panel's Settings",
        description="Make it again with the engine and the settings above instead of those that it was made with",
    )
    again_variants: IntProperty(
        name="Variants",
        description="How many to make side by side, each another one; you then keep the one that you like",
        default=1,
        min=1,
        max=VARIANTS_MAX,
    )
    quads: IntProperty(
        name="Quads",
        description="About how many four-sided faces; 0 makes half as many as the mesh has faces",
        default=0,
        min=0,
        max=FACES_MAX,
        step=500,
    )
    levels: IntProperty(name="Levels", description="How many copies with fewer faces: 50, 25, 12 and 6 % of them", default=3, min=1, max=4)
    weights: CollectionProperty(type=Img23DWeightsRow)
    active_weights: IntProperty(name="Model", description="The model whose details are shown below the list")
    picks: EnumProperty(
        name="Pick",
        description="What a click in the photo picks; Ctrl while clicking picks the other",
        items=[
            ("THINGS", "Things", "A click picks the whole thing under the mouse"),
            ("PARTS", "Parts", "A click picks only the part under the mouse, where a thing is made of parts of several colours"),
        ],
    )
    brush: EnumProperty(
        name="Brush",
        description="What the brush does with what it covers; Ctrl while brushing does the opposite",
        items=[
            ("IN", "Brush In", "What the brush covers belongs to the selected thing"),
            ("OUT", "Brush Out", "What the brush covers does not belong to the selected thing"),
        ],
    )
    brush_radius: FloatProperty(
        name="Radius",
        description="Radius of the brush, in percent of the photo's width; the keys [ and ] change it",
        default=2.0,
        min=0.1,
        max=25.0,
        precision=1,
        subtype="PERCENTAGE",
    )


CLASSES = (Img23DResultRow, Img23DRunRow, Img23DWeightsRow, Img23DWindowState)
