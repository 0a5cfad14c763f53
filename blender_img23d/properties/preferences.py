"""Edit > Preferences > Add-ons > Img23D."""

import sys
from collections.abc import Sequence

import bpy
from bpy.app.translations import pgettext_iface as _
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, PointerProperty, StringProperty

from ..core.presets import PRESETS, matching
from ..shared.img23d_protocol.choices import LICENCES, torch_builds
from ..shared.img23d_protocol.options.declare import Engine, options_of
from ..shared.img23d_protocol.options.machine import StageDevices
from ..shared.img23d_protocol.options.settings import REGISTERED, SET_UP, SPLITTERS, engine_named, heeded_options
from . import ROOT_PACKAGE, Img23DDefaults, MachineSettings
from .machines import CLASSES as MACHINE_CLASSES
from .machines import Img23DMachine, draw_where_it_runs

IDLE_MINUTES = 5
# What Blender keeps of a choice: a build that comes later takes a new number, so that the chosen one stays.
_TORCH_NUMBERS = {"auto": 0, "cuda": 1, "rocm": 2, "xpu": 3, "mps": 4, "cpu": 5, "cu126": 6, "cu130": 7, "cu132": 8}
_TORCH_ITEMS = [(*choice, _TORCH_NUMBERS[choice[0]]) for choice in torch_builds(sys.platform)]

# Blender keeps the engine to set up by its place among all engines. The first is the one whose licence is asked about
_SETUP_ITEMS = [(*engine.set_up_choice, place) for place, engine in enumerate(REGISTERED) if not engine.is_built_in]

# What stands in the fold-out for new scenes, whichever engine they begin with
_START = ("engine", "layout", "check_first")


class Img23DPreferences(MachineSettings, bpy.types.AddonPreferences):
    bl_idname = ROOT_PACKAGE

    machines: CollectionProperty(type=Img23DMachine, name="Machines", description="Other machines that can do the work")
    machine: StringProperty(
        name="Machine",
        description="The key of the machine that does the work; empty for this one",
        options={"HIDDEN"},
    )
    runs_folder: StringProperty(
        name="Folder for Runs",
        description=("Where each run keeps its cut-outs, meshes and textures; left empty, it is the folder that Blender reserves for this extension"),
        subtype="DIR_PATH",
    )
    textures: EnumProperty(
        name="Keep Textures",
        description="Where the pictures of new objects and of re-textured meshes are kept",
        items=[
            ("PACKED", "Pack into the .blend", "The .blend holds them: one file that can be moved anywhere"),
            (
                "BESIDE",
                "Save Beside the .blend",
                "As PNG files in a folder called textures next to the .blend; they are packed where it was never saved",
            ),
        ],
    )
    frames_results: BoolProperty(
        name="Frame New Objects",
        description="Bring what a run has made into the middle of the viewport when it ends, unless you have moved the view meanwhile. Blender's startup view is turned to see it from the front",
        default=True,
    )
    shows_textures: BoolProperty(
        name="Show Their Textures",
        description=(
            "Where the viewport is shaded as Blender begins with, let Solid shading show textures when a run ends, and Material Preview splats; a shading that you have chosen stays"
        ),
        default=True,
    )
    keep_days: IntProperty(
        name="Keep Old Runs",
        description=(
            "Days after which the folders of runs are deleted, but never those of the newest 50, of runs that an open file uses, "
            "and those that hold files of your own; 0 keeps them for ever"
        ),
        default=90,
        min=0,
        soft_max=365,
        max=36_500,
    )
    keep_gigabytes: IntProperty(
        name="Room for Old Runs",
        description="Gigabytes that runs beyond the newest 50 may take on the disk before the oldest of them are deleted; 0 is no limit",
        default=50,
        min=0,
        soft_max=500,
        max=1_000_000,
    )
    environment_folder: StringProperty(
        name="Folder for the Environment",
        description=(
            "Where Python, PyTorch and the other programs of the AI models are kept; left empty, it is the folder that Blender reserves for this extension"
        ),
        subtype="DIR_PATH",
    )
    models_folder: StringProperty(
        name="Folder for Models",
        description=("Where the downloaded models are kept, on any disk; left empty, it is the folder that Blender reserves for this extension"),
        subtype="DIR_PATH",
    )
    chosen_python: StringProperty(
        name="Existing Python",
        description=(
            "A Python program that has PyTorch and the other packages already, to be used instead of an environment "
            "of Img23D's own; left empty, Img23D makes one. The environment variable IMG23D_PYTHON goes before it"
        ),
        subtype="FILE_PATH",
    )
    torch_build: EnumProperty(
        name="PyTorch For",
        description="Which build of PyTorch is installed; after a change, press Set Up AI Models again",
        items=_TORCH_ITEMS,
        default="auto",
    )
    idle_minutes: IntProperty(
        name="Free Memory After",
        description="Minutes without a job after which the models' memory is given back; 0 keeps it until Blender ends",
        default=IDLE_MINUTES,
        min=0,
        soft_max=120,
        max=10_000,
    )
    free_before_render: BoolProperty(
        name="Free Memory Before a Render",
        description="Give the models' memory back when a render begins, so that Cycles can have it",
        default=True,
    )
    defaults: PointerProperty(type=Img23DDefaults, name="For New Scenes", description="What new scenes begin with")
    shows_defaults: BoolProperty(name="Advanced", description="Show every setting that new scenes begin with", options={"SKIP_SAVE"})
    knows_models: BoolProperty(
        name="Knows About the AI Models",
        description="The line about setting up the AI models was closed; their panel stays",
        options={"HIDDEN"},
    )
    knows_tab: BoolProperty(
        name="Knows the Tab",
        description="The tab was opened once after the installation",
        options={"HIDDEN"},
    )
    licences: StringProperty(
        name="Accepted Licences",
        description="Which licences of AI models you have accepted, separated by blanks",
        options={"HIDDEN"},
    )
    setup_engine: EnumProperty(
        name="Set Up For",
        description="The engine whose AI models are downloaded; what is there already of another one stays",
        items=_SETUP_ITEMS,
        default=SET_UP[0].id,
    )

    @property
    def chosen_machine(self) -> Img23DMachine | None:
        """The one that does the work; None for this one."""
        return next((one for one in self.machines if one.key == self.machine), None) if self.machine else None

    @property
    def accepted(self) -> tuple[str, ...]:
        return tuple(self.licences.split())

    @property
    def lacks_licence(self) -> bool:
        """Whether the engine to set up is one whose licence must be accepted first."""
        return engine_named(self.setup_engine).licence not in ("", *self.accepted)

    def accept(self, licence: str, *, answer: bool = True) -> None:
        """Stores the answer, or takes it back; either way the engine of that licence is the one to set up, or to be asked about. That of a
        splitter changes nothing of this: its models are downloaded by themselves.
        """
        others = [one for one in self.accepted if one != licence]
        self.licences = " ".join([*others, licence] if answer else others)
        self.set_up_for(next((engine.id for engine in SET_UP if engine.licence == licence), self.setup_engine))

    def set_up_for(self, engine: str) -> None:
        self.setup_engine = engine
        bpy.context.preferences.is_dirty = True  # Blender then saves it as it saves every other preference

    def draw(self, context: bpy.types.Context) -> None:
        for draw in (draw_where_it_runs, _draw_defaults, _draw_results, _draw_models, _draw_computing, _draw_memory, _draw_licence):
            column = self.layout.column()
            column.use_property_split = True
            draw(column, self)
            self.layout.separator()


def _draw_defaults(layout: bpy.types.UILayout, values: "Img23DPreferences") -> None:
    layout.label(text="For New Scenes")
    row, chosen = layout.row(align=True), matching(values.defaults)
    for one in PRESETS:
        row.operator("img23d.set_default_quality", text=one.label, depress=one.name == chosen).quality = one.name
    icon = "DOWNARROW_HLT" if values.shows_defaults else "RIGHTARROW"
    fold = layout.row()
    fold.use_property_split = False
    fold.prop(values, "shows_defaults", icon=icon, emboss=False)
    if values.shows_defaults:
        _draw_settings(layout, values.defaults)


def _draw_settings(layout: bpy.types.UILayout, defaults: Img23DDefaults) -> None:
    _draw_group(layout, defaults, _START)
    drawn = {""}
    _draw_options(layout, defaults, "Clean the Picture First", _rows(REGISTERED, ("edit",), drawn))
    for engine in REGISTERED:
        _draw_options(layout, defaults, engine.title, _rows([engine], ("result", "shape"), drawn))
    _draw_options(layout, defaults, "Texture", _rows(REGISTERED, ("texture",), drawn))
    _draw_options(layout, defaults, "Search", _rows(REGISTERED, ("search", "names"), drawn))
    _draw_options(layout, defaults, "Parts", ("splitter",))
    for splitter in SPLITTERS:
        _draw_options(layout, defaults, splitter.title, _rows([splitter], ("parts",), drawn))


def _rows(engines: Sequence[Engine], panels: tuple[str, ...], drawn: set[str]) -> tuple[str, ...]:
    """The options of these panels that no engine before has drawn, which are then `drawn`."""
    found: dict[str, None] = {}
    for engine in engines:
        rows = sorted((one.row.rank, one.key) for one in heeded_options(engine) if one.row is not None and one.row.panel in panels)
        found |= dict.fromkeys(key for _, key in rows if key not in drawn)
    drawn.update(found)
    return tuple(found)


def _draw_options(layout: bpy.types.UILayout, defaults: Img23DDefaults, title: str, names: tuple[str, ...]) -> None:
    if names:
        layout.label(text=title)
        _draw_group(layout, defaults, names)


def _draw_group(layout: bpy.types.UILayout, defaults: Img23DDefaults, names: tuple[str, ...]) -> None:
    for name in names:
        layout.prop(defaults, name)


def _draw_results(layout: bpy.types.UILayout, values: "Img23DPreferences") -> None:
    layout.label(text="Results")
    _draw_folder(layout, values, "runs_folder", "runs")
    layout.prop(values, "textures")
    layout.prop(values, "frames_results")
    layout.prop(values, "shows_textures")
    layout.prop(values, "keep_days", text="Keep Old Runs (Days)")
    layout.prop(values, "keep_gigabytes", text="Room for Old Runs (GB)")


def _draw_folder(layout: bpy.types.UILayout, values: "Img23DPreferences", name: str, inner: str) -> None:
    """Below an empty field stands the folder that is used: the one that Blender reserves, by its path alone."""
    layout.prop(values, name)
    if not getattr(values, name).strip():
        split = layout.split(factor=0.4)
        split.label(text="")
        path = bpy.utils.extension_path_user(ROOT_PACKAGE, path=inner)
        split.label(text=path, icon="FILE_FOLDER", translate=False)


def _draw_models(layout: bpy.types.UILayout, values: "Img23DPreferences") -> None:
    layout.label(text="AI Models")
    _draw_folder(layout, values, "models_folder", "models")
    _draw_folder(layout, values, "environment_folder", "environment")
    if not (values.models_folder and values.environment_folder):
        layout.label(text="Blender deletes its own folder with the extension;", icon="INFO")
        layout.label(text="what lies in a folder that you choose stays.", icon="BLANK1")
    layout.prop(values, "chosen_python")
    layout.prop(values, "torch_build")


def _draw_computing(layout: bpy.types.UILayout, values: "Img23DPreferences") -> None:
    layout.label(text="What Computes")
    for one in options_of(StageDevices):
        layout.prop(values, one.key)


def _draw_memory(layout: bpy.types.UILayout, values: "Img23DPreferences") -> None:
    layout.label(text="Memory")
    layout.prop(values, "small_memory")
    layout.prop(values, "free_before_render")
    layout.prop(values, "idle_minutes", text="Free Memory After (Minutes)")


def _draw_licence(layout: bpy.types.UILayout, values: "Img23DPreferences") -> None:
    for one in LICENCES:
        layout.label(text=_("Licence of {name}").format(name=one.of), translate=False)
        if one.id in values.accepted:
            layout.label(text=one.accepted)
            layout.operator("img23d.withdraw_licence", text="Withdraw", icon="X").licence = one.id
        else:
            layout.label(text=_("Not accepted: nothing of {name} is downloaded.").format(name=one.of), translate=False)


CLASSES = (*MACHINE_CLASSES, Img23DPreferences)
