"""In a Blender with a window, for the benchmark: what the panel and the timer cost while a large job runs.

    blender --python crowded.py -- ZIP PHOTO OUT.json SECONDS

Fifty runs lie in the history, two hundred boxes in the list, every panel of the tab is open. Then Generate is pressed, and
for so many seconds of the job each redraw of the tab and each tick of the timer is timed. Blender ends by itself.

Each time is the main thread's own (its processor seconds), so that other programs on the machine do not count.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bpy
import installed

PAST_RUNS, TARGETS = 50, 200
SETTLING = 3.0  # seconds until the tab was drawn and the history is being read


class Watch:
    """`draws` and `ticks` are seconds; a redraw is everything that the tab's panels do between two draws of the first one."""

    def __init__(self) -> None:
        self.draws: list[float] = []
        self.ticks: list[float] = []
        self.imports: list[float] = []  # of the ticks, those that change the scene
        self.quiet: list[float] = []  # the others
        self.pairs: list[float] = []  # a redraw and the tick before it
        self.panels: dict[str, float] = {}  # in all
        self.is_on = False

    def redraw(self) -> None:
        if self.is_on:
            self.draws.append(0.0)
            self.pairs.append(self.ticks[-1] if self.ticks else 0.0)

    def draw(self, panel: str, seconds: float) -> None:
        if self.is_on and self.draws:
            self.panels[panel] = self.panels.get(panel, 0.0) + seconds
            self.draws[-1] += seconds
            self.pairs[-1] += seconds


def main(zip_file: str, photo: str, out: str, seconds: str) -> None:
    installed.install(Path(zip_file))
    open_all_panels()
    base = Path(out).resolve().parent / "crowded"
    write_past_runs(base / "runs", photo)
    bpy.context.preferences.addons[installed.MODULE].preferences.runs_folder = str(base)
    fill_list(photo)
    watch = Watch()
    observe(watch)
    bpy.app.timers.register(lambda: show_tab(watch, float(seconds), Path(out)), first_interval=2.0)


def open_all_panels() -> None:
    """Those too that an artist opens, in the tab that the sidebar begins with, since no script can turn to another one."""
    registration = part("registration")
    panels = [cls for cls in registration._CLASSES if issubclass(cls, bpy.types.Panel)]
    for cls in reversed(panels):
        bpy.utils.unregister_class(cls)
    for cls in panels:
        if hasattr(cls, "bl_options"):
            cls.bl_options = set(cls.bl_options) - {"DEFAULT_CLOSED"}
        if getattr(cls, "bl_category", "") == "Img23D" and cls.bl_space_type == "VIEW_3D":
            cls.bl_category = "Item"
        bpy.utils.register_class(cls)


def write_past_runs(folder: Path, photo: str) -> None:
    picture = Path(photo).read_bytes()
    for number in range(PAST_RUNS):
        place = folder / f"20250101-{number:06d}-photo-0000"
        place.mkdir(parents=True, exist_ok=True)
        targets = []
        for index, name in enumerate(("cup", "book", "lamp")):
            files = {"cutout": f"{index:02d}_cutout.png", "preview": f"{index:02d}_preview.png", "mesh": f"{index:02d}.glb"}
            for file in files.values():
                (place / file).write_bytes(b"" if file.endswith(".glb") else picture)
            targets.append({"name": name, "state": "painted", "files": files, "seconds": {"shape": 1.0}, "faces": 20000})
        record = {
            "format": 1,
            "kind": "generate",
            "job": f"past{number}",
            "state": "finished",
            "started": f"2025-01-01T{number // 60:02d}:{number % 60:02d}:00+00:00",
            "engine": "preview",
            "seed": number,
            "photo": {"path": photo, "width": 100, "height": 100},
            "targets": targets,
            "seconds": {"locate": 0.5, "matte": 1.0, "shape": 3.0, "paint": 3.0},
        }
        (place / "run.json").write_text(json.dumps(record), encoding="utf-8")


def fill_list(photo: str) -> None:
    values = bpy.context.scene.img23d
    values.photo, values.names, values.seed = photo, "", 1
    columns = 20
    for index in range(TARGETS):
        row = values.targets.add()
        row.name, row.use, row.has_box, row.is_drawn = f"thing {index}", True, True, True
        across, down = index % columns, index // columns
        row.left, row.right = 5 * across + 0.5, 5 * across + 4.5
        row.top, row.bottom = 10 * down + 0.5, 10 * down + 9.5


def observe(watch: Watch) -> None:
    registration, pump = part("registration"), part("app.pump").Pump
    for cls in registration._CLASSES:
        if issubclass(cls, bpy.types.Panel):
            cls.draw = timed_draw(cls, cls.draw, watch)
    tick = pump.tick

    def timed_tick(self: Any) -> None:
        imports, started = len(self.import_seconds), time.thread_time()
        tick(self)
        if watch.is_on:
            watch.ticks.append(time.thread_time() - started)
            kind = watch.imports if len(self.import_seconds) > imports else watch.quiet
            kind.append(watch.ticks[-1])

    pump.tick = timed_tick


def timed_draw(cls: type, draw: Callable, watch: Watch) -> Callable:
    def timed(self: Any, context: bpy.types.Context) -> None:
        if cls.bl_idname == "IMG23D_PT_main":
            watch.redraw()
        started = time.thread_time()
        draw(self, context)
        watch.draw(cls.__name__, time.thread_time() - started)

    return timed


def show_tab(watch: Watch, seconds: float, out: Path) -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.spaces.active.show_region_ui = True
                area.tag_redraw()
    bpy.app.timers.register(lambda: press_generate(watch, seconds, out), first_interval=SETTLING)


def press_generate(watch: Watch, seconds: float, out: Path) -> float | None:
    """When the history is read; otherwise later."""
    if part("app.owner").extension().history.is_loading:
        return 1.0
    window = bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window):
        bpy.ops.img23d.generate()
    watch.is_on = True
    bpy.app.timers.register(lambda: finish(watch, out), first_interval=seconds)
    return None


def finish(watch: Watch, out: Path) -> None:
    owner = part("app.owner").extension()
    job = owner.session.jobs[0]
    answer = {
        "blender": bpy.app.version_string,
        "past_runs": sum(one.is_past for one in owner.session.jobs),
        "targets": len(job.targets),
        "objects": sum(target.main is not None for target in job.targets),
        "stage": str(job.stage),
        "draw_seconds": watch.draws,
        "quiet_seconds": watch.quiet,
        "import_seconds": watch.imports,
        "pair_seconds": watch.pairs,
        "panel_seconds": watch.panels,
    }
    out.write_text(json.dumps(answer) + "\n", encoding="utf-8")
    owner.session.shutdown(at_once=True)
    bpy.ops.wm.quit_blender()


def part(name: str) -> ModuleType:
    return importlib.import_module(f"{installed.MODULE}.{name}")


if __name__ == "__main__":
    main(*sys.argv[sys.argv.index("--") + 1 :])
