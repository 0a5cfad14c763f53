"""Inside Blender, for the benchmark. What to do is the first argument; the answer goes to a JSON file.

enable OUT.json SPAWNED        seconds that enabling the installed extension takes in this fresh Blender, and that Blender's own
                               start took before, since the moment (time.time()) when the process was begun
install ZIP                    install it, not enabled
pump ZIP PHOTO NAMES OUT.json  install, generate, and how long the pump's ticks took
splats ZIP COUNT RUNS OUT.json install, and so many times: import a file of so many splats, save it
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bpy  # noqa: I001  (addon_utils can be found only after it)
import addon_utils
import installed
import known_splats


def enable(out: str, spawned: str) -> None:
    own = time.time() - float(spawned)
    start = time.perf_counter()
    module = addon_utils.enable(installed.MODULE)
    seconds = time.perf_counter() - start
    if module is None:
        raise SystemExit("the extension could not be enabled")
    write(out, {"seconds": seconds, "own_start": own})


def install(zip_file: str) -> None:
    installed.install(Path(zip_file), enable=False)


def pump(zip_file: str, photo: str, names: str, out: str) -> None:
    installed.install(Path(zip_file))
    start = time.perf_counter()
    installed.generate(Path(photo), names)
    seconds = time.perf_counter() - start
    owner = importlib.import_module(f"{installed.MODULE}.app.owner").extension()
    made = sum(item.type == "MESH" and "img23d_run" in item for item in bpy.context.scene.objects)
    write(
        out,
        {
            "blender": bpy.app.version_string,
            "objects": made,
            "seconds": seconds,
            "tick_seconds": list(owner.pump.tick_seconds),
            "import_seconds": list(owner.pump.import_seconds),
        },
    )


def splats(zip_file: str, count: str, runs: str, out: str) -> None:
    installed.install(Path(zip_file))
    with tempfile.TemporaryDirectory() as folder:
        path, blend = known_splats.write_splats(Path(folder) / "splats.ply", int(count)), Path(folder) / "splats.blend"
        imports, saves = [], []
        for _ in range(int(runs) + 1):
            bpy.ops.wm.read_homefile(use_empty=True)
            imports.append(seconds(lambda: bpy.ops.img23d.import_splats(filepath=str(path))))
            saves.append(seconds(lambda: bpy.ops.wm.save_as_mainfile(filepath=str(blend), compress=False)))
        sizes = {"ply_bytes": path.stat().st_size, "blend_bytes": blend.stat().st_size}
    write(out, {"blender": bpy.app.version_string, "import_seconds": imports[1:], "first_import_seconds": imports[0], "save_seconds": saves[1:], **sizes})


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def write(path: str, data: dict[str, object]) -> None:
    Path(path).write_text(json.dumps(data) + "\n", encoding="utf-8")


if __name__ == "__main__":
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    {"enable": enable, "install": install, "pump": pump, "splats": splats}[own[0]](*own[1:])
