"""The buttons of *Where It Runs* in the preferences."""

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import StringProperty

from ...app.owner import extension
from ...shared.img23d_protocol import Img23DError


class _OnMachine:
    bl_options = {"INTERNAL"}

    machine: StringProperty(name="Machine", description="Its key in the preferences", options={"SKIP_SAVE", "HIDDEN"})


class IMG23D_OT_add_machine(bpy.types.Operator):
    bl_idname = "img23d.add_machine"
    bl_label = "Img23D: Add a Machine"
    bl_description = "Add another machine, on which img23d serve runs, to those that can do the work"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.machines import add_machine

        owner = extension()
        add_machine(context)
        owner.machines.step(owner)
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_choose_machine(_OnMachine, bpy.types.Operator):
    bl_idname = "img23d.choose_machine"
    bl_label = "Img23D: Let It Run Here"
    bl_description = "Let this machine do the work from the next run on; what runs now goes on where it is"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.machines import choose_machine

        owner = extension()
        try:
            choose_machine(context, self.machine)
            owner.machines.step(owner)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_remove_machine(_OnMachine, bpy.types.Operator):
    bl_idname = "img23d.remove_machine"
    bl_label = "Img23D: Remove the Machine"
    bl_description = "Take this machine off the list, and delete its token"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.machines import remove_machine

        owner = extension()
        try:
            remove_machine(context, self.machine)
            owner.machines.step(owner)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_test_machine(_OnMachine, bpy.types.Operator):
    bl_idname = "img23d.test_machine"
    bl_label = "Img23D: Test the Connection"
    bl_description = "Ask the other machine whether it is there, knows the token, has the same version, and what it can do"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app import outcome

        owner = extension()
        try:
            owner.machines.test(owner, self.machine)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.pump.wake()
        if outcome.must_wait():
            owner.pump.run_tests_to_end()
            tested = owner.tested[self.machine]
            self.report({"INFO" if tested.is_good else "WARNING"}, _(tested.sentence))
        return {"FINISHED"}


CLASSES = (IMG23D_OT_add_machine, IMG23D_OT_choose_machine, IMG23D_OT_remove_machine, IMG23D_OT_test_machine)
