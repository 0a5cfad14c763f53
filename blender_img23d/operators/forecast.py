"""The one button that helps: each action of a finding, and what it does."""

from collections.abc import Callable

import bpy
from bpy.app.translations import pgettext_tip as _
from bpy.props import EnumProperty

from ..app.owner import extension, poll_idle
from ..core.presets import lower, matching
from ..properties import ROOT_PACKAGE, preferences_of
from ..shared.img23d_protocol import Img23DError
from ..shared.img23d_protocol.options.declare import options_of
from ..shared.img23d_protocol.options.machine import StageDevices
from ..shared.img23d_protocol.options.settings import BUILT_IN

_ACTIONS = (
    ("set_up", "Set Up AI Models", "Make the environment of the AI models and download those that the settings need"),
    ("download", "Download Missing Models", "Download the AI models that the settings need"),
    ("free_memory", "Free Memory", "Give back the memory that the backend holds only to be faster next time"),
    ("small_memory", "Turn On Small Memory", "Keep the models' use of the graphics card below 4 GB: slower"),
    ("lower_quality", "Choose a Lower Quality", "Choose the next lower preset of quality"),
    ("use_preview", "Use the Preview Engine", "Choose the engine that needs no AI models"),
    ("use_processor", "Use the Processor", "Compute all stages on the processor: slower, with more memory"),
    ("update_driver", "Get the Driver", "Open NVIDIA's page with the drivers of its graphics cards in the browser"),
    ("choose_folder", "Choose Another Folder", "Open the preferences, where the folder for runs is chosen"),
    ("preferences", "Open the Preferences", "Open the extension's preferences"),
    ("allow_online", "Allow Online Access", "Open the preferences where Blender is allowed to use the network"),
    ("open_log", "Open the Log", "Open the newest log of the backend in the system's text editor"),
    ("copy_report", "Copy the Report", "Put the doctor's report onto the clipboard, to be pasted where the failure is reported"),
    ("restart_backend", "Restart the Backend", "End the program that works beside Blender, and start it anew"),
)
_DRIVERS = "https://www.nvidia.com/drivers"
_DESCRIPTIONS = {identifier: description for identifier, _label, description in _ACTIONS}


class IMG23D_OT_fix(bpy.types.Operator):
    bl_idname = "img23d.fix"
    bl_label = "Img23D: Do What Helps"
    bl_description = "Do the one thing that helps against what was found to be short or broken"

    action: EnumProperty(name="Action", description="What is to be done", items=_ACTIONS, options={"SKIP_SAVE"})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return _(_DESCRIPTIONS[properties.action])

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_idle(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        owner.refusal = ""
        try:
            done = _FIXES[self.action](context)
        except (Img23DError, RuntimeError) as error:  # RuntimeError: what an operator that was called has reported
            return owner.refuse(self, error) if isinstance(error, Img23DError) else {"CANCELLED"}
        owner.pump.is_stale = True
        owner.pump.wake()
        return done


def _set_up(context: bpy.types.Context) -> set[str]:
    return bpy.ops.img23d.setup(engine=context.scene.img23d.engine)


def _turn_on_small_memory(context: bpy.types.Context) -> set[str]:
    preferences_of(context).small_memory = True
    context.preferences.is_dirty = True
    return {"FINISHED"}


def _lower_quality(context: bpy.types.Context) -> set[str]:
    name = lower(matching(context.scene.img23d))
    return bpy.ops.img23d.set_quality("EXEC_DEFAULT", True, quality=name) if name else {"CANCELLED"}


def _use_preview(context: bpy.types.Context) -> set[str]:
    context.scene.img23d.engine = BUILT_IN.id
    bpy.ops.ed.undo_push(message="Img23D: preview engine")
    return {"FINISHED"}


def _use_processor(context: bpy.types.Context) -> set[str]:
    values = preferences_of(context)
    for one in options_of(StageDevices):
        setattr(values, one.key, "cpu")
    context.preferences.is_dirty = True
    return {"FINISHED"}


def _show_preferences(context: bpy.types.Context) -> set[str]:
    return bpy.ops.preferences.addon_show(module=ROOT_PACKAGE)


def _allow_online(context: bpy.types.Context) -> set[str]:
    return bpy.ops.screen.userpref_show("INVOKE_DEFAULT", section="SYSTEM")


def _restart(context: bpy.types.Context) -> set[str]:
    session = extension().session
    session.shutdown(at_once=True)
    session.inspect()
    return {"FINISHED"}


_FIXES: dict[str, Callable[[bpy.types.Context], set[str]]] = {
    "set_up": _set_up,
    "download": _set_up,
    "free_memory": lambda context: bpy.ops.img23d.free_memory(),
    "small_memory": _turn_on_small_memory,
    "lower_quality": _lower_quality,
    "use_preview": _use_preview,
    "use_processor": _use_processor,
    "update_driver": lambda context: bpy.ops.wm.url_open(url=_DRIVERS),
    "choose_folder": _show_preferences,
    "preferences": _show_preferences,
    "allow_online": _allow_online,
    "open_log": lambda context: bpy.ops.img23d.open_log(),
    "copy_report": lambda context: bpy.ops.img23d.copy_report(),
    "restart_backend": _restart,
}

CLASSES = (IMG23D_OT_fix,)
