"""Inside Blender, for the benchmark. What to do is the first argument; the answer goes to a JSON file.

enable OUT.json SPAWNED        seconds that enabling the installed extension takes in this fresh Blender, and that Blender's own
                               start took before, since the moment (time.time()) when the process was begun
install ZIP                    install it, not enabled
pump ZIP PHOTO NAMES OUT.json  install, generate, and how long the pump's ticks took
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bpy  # noqa: I001  (addon_utils can be found only after it)
import addon_utils
import installed


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
    owner = importlib.import_module(f"{installed.MODULE}.scene.owner").extension()
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


def write(path: str, data: dict[str, object]) -> None:
    Path(path).write_text(json.dumps(data) + "\n", encoding="utf-8")


if __name__ == "__main__":
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    {"enable": enable, "install": install, "pump": pump}[own[0]](*own[1:])
