"""WindowManager.img23d: what is only on screen and never saved."""

from __future__ import annotations

from bpy.props import CollectionProperty, IntProperty, StringProperty
from bpy.types import PropertyGroup


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


CLASSES = (Img23DResultRow, Img23DWeightsRow, Img23DWindowState)
