"""The main job on a fresh machine: photo in, textured objects in a .blend and in a picture."""

from __future__ import annotations

import shutil
import time

from . import environment, package
from .places import BUILD, ROOT
from .running import clean_environment, run
from .wheels import host_platform

OUT = BUILD / "demo"
SCRIPT = ROOT / "devtools" / "in_blender" / "make_demo.py"


def run_demo() -> None:
    """Raises DevError when any part fails, the check of the result included."""
    start = time.monotonic()
    blender = environment.find_blender()
    (zip_file,) = package.build([host_platform()], blender)
    print(f"Using {blender.label}", flush=True)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    fresh = clean_environment(BLENDER_USER_RESOURCES=str(OUT / "blender_user"))
    run(blender.command(SCRIPT, zip_file, OUT), env=fresh, hint="The demo did not come out as it should: see above.")
    print(f"Done in {time.monotonic() - start:.0f} s:")
    print(f"  the objects  {OUT / 'demo.blend'}")
    print(f"  the picture  {OUT / 'demo.png'}")
