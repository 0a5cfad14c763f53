"""The list of what was found in the photo: searching, and correcting it."""

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import EnumProperty, IntProperty

from ..app.owner import extension, poll_idle

if TYPE_CHECKING:
    from ..properties import Img23DSceneSettings


def _has_chosen(values: "Img23DSceneSettings") -> bool:
    return 0 <= values.active_target < len(values.targets)


class _AsDrawn:
    """A button on a list that an answer may change at any time. `seen` is what `list_changes` was when it was drawn."""

    seen: IntProperty(name="Seen", description="Which state of the list the button was drawn for", default=-1, options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.seen not in (-1, extension().list_changes):
            self.report({"INFO"}, _("The list has just changed: look at it, and press again."))
            return {"CANCELLED"}
        return self.execute(context)


class _OnTarget(_AsDrawn):
    """What works on the line that is chosen in the list."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Nothing is chosen in the list: press Find or add a box first"))
        return _has_chosen(context.scene.img23d)


_BUSY = "Something is being made or looked for: press Find when that is over. Generate can be pressed now, and waits"


class IMG23D_OT_find_targets(bpy.types.Operator):
    bl_idname = "img23d.find_targets"
    bl_label = "Img23D: Find in Photo"
    bl_description = "Look for the named things and list them, so that you can correct them; boxes that you drew stay"
    bl_options = {"REGISTER"}  # the answer becomes one undo step when it is there

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_idle(cls, _BUSY)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..app.commands.cleaning import clean_first  # late, as everything that Blender's start should not wait for
        from ..app.commands.search import search

        return clean_first(self, context, extension(), then="find_targets") or search(self, context, extension())


class IMG23D_OT_find_target_again(_AsDrawn, bpy.types.Operator):
    bl_idname = "img23d.find_target_again"
    bl_label = "Img23D: Find This One Again"
    bl_description = "Look for the chosen one only, by its present name; what is found takes the place of its box"
    bl_options = {"REGISTER"}  # as above

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not poll_idle(cls, _BUSY):
            return False
        cls.poll_message_set(_("Nothing is chosen in the list: press Find or add a box first"))
        return _has_chosen(context.scene.img23d)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..app.commands.search import search  # late, as above

        return search(self, context, extension(), only=True)


class IMG23D_OT_add_target(bpy.types.Operator):
    bl_idname = "img23d.add_target"
    bl_label = "Img23D: Add Box"
    bl_description = "Add a box around something in the photo; boxes that you draw win over any search"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.photo.box_rows import new_name  # late, as above

        values = context.scene.img23d
        name = new_name(values)
        row = values.targets.add()
        row.name, row.has_box, row.is_drawn = name, True, True
        values.active_target = len(values.targets) - 1
        return {"FINISHED"}


class IMG23D_OT_duplicate_target(_OnTarget, bpy.types.Operator):
    bl_idname = "img23d.duplicate_target"
    bl_label = "Img23D: Duplicate Target"
    bl_description = "Add another one with the same name and box, to be moved onto the next thing of its kind"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.photo.target_rows import duplicate  # late, as above

        duplicate(context.scene)
        return {"FINISHED"}


class IMG23D_OT_remove_target(_OnTarget, bpy.types.Operator):
    bl_idname = "img23d.remove_target"
    bl_label = "Img23D: Remove Target"
    bl_description = "Take the chosen one out of the list: it is not made, and comes back only when you press Find"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        values = context.scene.img23d
        values.targets.remove(values.active_target)
        values.active_target = max(0, min(values.active_target, len(values.targets) - 1))
        if not values.targets:
            values.found_names = ""  # an empty list is as before any search
        return {"FINISHED"}


class IMG23D_OT_move_target(_OnTarget, bpy.types.Operator):
    bl_idname = "img23d.move_target"
    bl_label = "Img23D: Move Target"
    bl_description = "Move the chosen one in the list; objects are made in this order"
    bl_options = {"REGISTER", "UNDO"}

    direction: EnumProperty(
        name="Direction",
        description="Where it goes in the list",
        items=[("UP", "Up", "One line up"), ("DOWN", "Down", "One line down")],
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        values = context.scene.img23d
        goal = values.active_target + (-1 if self.direction == "UP" else 1)
        if not 0 <= goal < len(values.targets):
            return {"CANCELLED"}
        values.targets.move(values.active_target, goal)
        values.active_target = goal
        return {"FINISHED"}


class IMG23D_OT_clear_targets(_AsDrawn, bpy.types.Operator):
    bl_idname = "img23d.clear_targets"
    bl_label = "Img23D: Empty the List"
    bl_description = "Take everything out of the list, boxes that you drew included; Generate then looks for the names itself"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("The list is empty already"))
        return len(context.scene.img23d.targets) > 0

    def execute(self, context: bpy.types.Context) -> set[str]:
        values = context.scene.img23d
        values.targets.clear()
        values.active_target, values.found_names = 0, ""
        return {"FINISHED"}


CLASSES = (
    IMG23D_OT_find_targets,
    IMG23D_OT_find_target_again,
    IMG23D_OT_add_target,
    IMG23D_OT_duplicate_target,
    IMG23D_OT_remove_target,
    IMG23D_OT_move_target,
    IMG23D_OT_clear_targets,
)
