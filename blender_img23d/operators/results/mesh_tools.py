"""Operators of a result's mesh: quads, levels of detail, origin, scale."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import EnumProperty, IntProperty

from ...app.owner import extension, extension_or_none
from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.limits import FACES_MAX

if TYPE_CHECKING:
    from ...scene.remesh.remesher import Change


class _OnMeshes:
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Select a mesh"))
        return extension_or_none() is not None and bool(_chosen(context))


def _chosen(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The selected meshes, or the active one where none is selected; splats among them."""
    selected = [obj for obj in context.selected_objects if obj.type == "MESH"]
    active = context.object
    return selected or ([active] if active is not None and active.type == "MESH" else [])


class IMG23D_OT_make_quads(_OnMeshes, bpy.types.Operator):
    bl_idname = "img23d.make_quads"
    bl_label = "Img23D: Make Quads"
    bl_description = (
        "Make the selected meshes of four-sided faces, with their texture. It is done beside Blender, so you can go on working; "
        "a mesh that cannot be made of quads stays as it is"
    )
    bl_options = {"REGISTER"}  # becomes an undo step when it is finished

    faces: IntProperty(name="Quads", description="About this many; 0 makes half as many as there are faces", default=0, min=0, max=FACES_MAX)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.remesh.quads import quads_of  # late: Blender's start waits for what operators import

        return _change_beside(self, context, lambda obj: quads_of(obj, self.faces))


class IMG23D_OT_stop_quads(bpy.types.Operator):
    bl_idname = "img23d.stop_quads"
    bl_label = "Img23D: Stop Making Quads or Levels"
    bl_description = "What is not finished stays as it is"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("No quads and no levels are being made"))
        owner = extension_or_none()
        return owner is not None and owner.applier.remesher.is_busy

    def execute(self, context: bpy.types.Context) -> set[str]:
        extension().applier.remesher.stop()
        return {"FINISHED"}


class IMG23D_OT_add_levels(_OnMeshes, bpy.types.Operator):
    bl_idname = "img23d.add_levels"
    bl_label = "Img23D: Add Levels of Detail"
    bl_description = (
        "Make copies for what is far away (levels of detail) with 50, 25, 12 and 6 % of the faces and the same texture, "
        "hidden in a collection of their own. It is done beside Blender, so you can go on working"
    )
    bl_options = {"REGISTER"}  # becomes an undo step when it is finished

    count: IntProperty(name="Levels", description="How many copies: 50, 25, 12 and 6 % of the faces", default=3, min=1, max=4)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.remesh.levels import levels_of

        return _change_beside(self, context, lambda obj: levels_of(self.count))


def _change_beside(operator: bpy.types.Operator, context: bpy.types.Context, change: "Callable[[bpy.types.Object], Change]") -> set[str]:
    """`change` raises Img23DError for an object that it cannot be done to."""
    from ...app.outcome import follow_remeshing
    from ...scene.view.selection import check_mode

    owner, told = extension(), []
    try:
        check_mode(context)
        for obj in _with_faces(context):
            owner.applier.remesher.want(obj, change(obj), told.append)
    except Img23DError as error:
        return owner.refuse(operator, error)
    return follow_remeshing(operator, owner, told)


def _with_faces(context: bpy.types.Context) -> list[bpy.types.Object]:
    """Raises Img23DError where only splats are selected."""
    from ...scene.mesh.chosen import with_faces
    from ...scene.retexture.paintable import check_no_splats

    objects = with_faces(_chosen(context))
    for obj in objects:
        check_no_splats(obj)
    return objects


def _change_own(operator: bpy.types.Operator, context: bpy.types.Context, change: Callable[[bpy.types.Object], None]) -> set[str]:
    from ...scene.remesh.origin_and_scale import check_own_mesh
    from ...scene.view.selection import check_mode

    objects = _chosen(context)
    try:
        check_mode(context)
        check_own_mesh(objects)
        for obj in objects:
            change(obj)
    except Img23DError as error:
        return extension().refuse(operator, error)
    return {"FINISHED"}


class IMG23D_OT_set_origin(_OnMeshes, bpy.types.Operator):
    bl_idname = "img23d.set_origin"
    bl_label = "Img23D: Set Origin"
    bl_description = "Put the origin of the selected meshes where you want to turn and place them by; they stay where they are"
    bl_options = {"REGISTER", "UNDO"}

    place: EnumProperty(
        name="Origin",
        description="Where the origin goes",
        items=[
            ("BASE", "Base", "The middle of the side that it stands on"),
            ("MIDDLE", "Middle", "The middle of the whole mesh"),
        ],
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.remesh.origin_and_scale import set_origin

        return _change_own(self, context, lambda obj: set_origin(obj, is_base=self.place == "BASE"))


class IMG23D_OT_apply_scale(_OnMeshes, bpy.types.Operator):
    bl_idname = "img23d.apply_scale"
    bl_label = "Img23D: Apply Scale"
    bl_description = "Give the scale of the selected objects to their meshes, so that it is 1; they stay as large as they are"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.remesh.origin_and_scale import apply_scale

        return _change_own(self, context, apply_scale)


CLASSES = (IMG23D_OT_make_quads, IMG23D_OT_stop_quads, IMG23D_OT_add_levels, IMG23D_OT_set_origin, IMG23D_OT_apply_scale)
