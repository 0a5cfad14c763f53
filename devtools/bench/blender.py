"""What the extension costs Blender: its start, and the main thread while a job runs."""

from __future__ import annotations

import json
import shutil
import statistics
from pathlib import Path

from ..environment import Blender
from ..places import BUILD, DEMO, ROOT
from ..running import clean_environment, run

SCRIPT = ROOT / "devtools" / "in_blender" / "measure.py"
STARTS = 7


def measure(blender: Blender, zip_file: Path, out: Path) -> None:
    """Writes one JSON file with seconds."""
    resources = BUILD / "bench" / "blender_user"
    answer = BUILD / "bench" / "answer.json"
    shutil.rmtree(resources, ignore_errors=True)
    fresh = clean_environment(BLENDER_USER_RESOURCES=str(resources))
    fresh.pop("PYTHONDONTWRITEBYTECODE", None)  # an artist's Blender keeps its byte code
    run(blender.command(SCRIPT, "install", zip_file), env=fresh)
    starts = []
    for _ in range(STARTS + 1):  # the first one writes the byte code, as it does for an artist once
        run(blender.command(SCRIPT, "enable", answer), env=fresh)
        starts.append(json.loads(answer.read_text(encoding="utf-8"))["seconds"])
    names = json.loads((DEMO / "camera.json").read_text(encoding="utf-8"))["names"]
    run(blender.command(SCRIPT, "pump", zip_file, DEMO / "photo.jpg", ", ".join(names), answer), env=fresh)
    job = json.loads(answer.read_text(encoding="utf-8"))
    result = job | {"wanted": len(names), "enable_first": starts[0], "enable_seconds": statistics.median(starts[1:])}
    out.write_text(json.dumps(result) + "\n", encoding="utf-8")
