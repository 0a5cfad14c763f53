"""An artist at a real backend, and what must hold of the folders of runs whatever has happened."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import trimesh
from desk import ROOT, Desk
from PIL import Image

from blender_img23d.core.history import list_runs, read_run
from blender_img23d.core.jobs import Job, JobState
from blender_img23d.core.requests import build_generate, build_settings
from blender_img23d.process.launch import new_link
from blender_img23d.shared.img23d_protocol.messages import Generate, LearnedSettings, Wanted

MODELS, LEARNED_PYTHON = "IMG23D_TINY_MODELS", "IMG23D_LEARNED_PYTHON"
ENGINES = {"preview": ("left", "right"), "hunyuan3d": ("red apple", "blue mug")}
DEMO_PHOTO = ROOT / "demo" / "photo.jpg"


class Artist(Desk):
    """`folder` holds everything: photo, logs, runs. With the engine "hunyuan3d" the models are the small trained ones."""

    def __init__(self, folder: Path, engine: str = "preview", base: Path | None = None) -> None:
        super().__init__(folder / "backend.log")
        self.folder, self.engine, self.base = folder, engine, base or folder
        self.photo = folder / "two things.png" if engine == "preview" else DEMO_PHOTO
        if engine == "preview":
            draw(self.photo)

    def generate(self, *names: str) -> Job:
        return self.session.submit(self.request(*names))

    def request(self, *names: str) -> Generate:
        learned = LearnedSettings(octree_resolution=64, faces=2000)
        settings = build_settings(texture_size=1024, faces=800, shape="auto", thickness=1.0, learned=learned)
        wanted = [Wanted(name=name) for name in names or ENGINES[self.engine]]
        return build_generate(photo=str(self.photo), wanted=wanted, engine=self.engine, seed=1, settings=settings, base_folder=self.base)

    def finish(self, *names: str, seconds: float = 240.0) -> Job:
        """A job that has to succeed."""
        job = self.generate(*names)
        self.until(lambda: job.is_over, seconds=seconds)
        assert job.state is JobState.DONE and all(target.textured for target in job.targets), (job.error, job.detail, job.targets)
        return job

    def _make_link(self):
        models = Path(os.environ[MODELS]) if self.engine == "hunyuan3d" else self.folder / "models"
        environment = Path(os.environ[LEARNED_PYTHON]) if self.engine == "hunyuan3d" else None
        self.links.append(new_link(ROOT / "blender_img23d", self.folder / "logs", models=models, environment=environment))
        return self.links[-1]


def draw(path: Path) -> None:
    """A disc and a box on light ground."""
    y, x = np.mgrid[0:160, 0:240]
    picture = np.full((160, 240, 3), 235, np.uint8)
    picture[np.hypot(x - 70, y - 80) < 40] = (200, 60, 40)
    picture[(abs(x - 170) < 30) & (abs(y - 80) < 45)] = (30, 90, 160)
    Image.fromarray(picture).save(path)


def objections(base: Path) -> list[str]:
    """What is wrong with the folders of runs below `base`, read by other readers than ours. They are deleted then."""
    found = [f"{folder.name}: {why}" for folder in list_runs(base) for why in _objections(folder)]
    shutil.rmtree(base / "runs", ignore_errors=True)
    return found


def _objections(folder: Path) -> list[str]:
    found = [f"{path.name}: {why}" for path in results(folder) if (why := not_whole(path))]
    record, job = folder / "run.json", read_run(folder)
    if not record.is_file():
        return found + [f"no record beside {path.name}" for path in results(folder)]
    try:
        state = json.loads(record.read_text(encoding="utf-8"))["state"]
    except (ValueError, KeyError) as error:
        return [*found, f"the record is not whole: {error}"]
    if job is None:
        return [*found, "the record cannot be read back"]
    if state == "running" and not job.was_interrupted:
        found.append("a run that was cut off is not marked so")
    named = [path for target in job.targets for path in (target.mesh, target.cutout, target.preview) if path]
    return found + [f"the record names {path}, which is not there" for path in named if not Path(path).is_file()]


def results(folder: Path) -> list[Path]:
    """The files that could be taken for results by their names."""
    return sorted(path for path in folder.iterdir() if path.suffix in {".png", ".glb", ".npy", ".npz"})


def not_whole(path: Path) -> str:
    """Empty where another program reads the file to its end."""
    try:
        if path.suffix == ".png":
            with Image.open(path) as picture:
                picture.load()
        elif path.suffix == ".glb":
            assert trimesh.load(io.BytesIO(path.read_bytes()), file_type="glb", force="mesh").faces.size
        else:
            np.load(path)
    except Exception as error:  # each of these libraries has exceptions of its own
        return f"half a file, {path.stat().st_size} bytes: {error!r}"
    return ""


def processes_of(folder: Path) -> list[str]:
    """The command lines of what still runs and names the folder; none where there is no such list."""
    if sys.platform == "win32":
        return []
    listed = subprocess.run(["ps", "-axww", "-o", "pid=,stat=,args="], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line and line.split()[1][0] != "Z" and " ps " not in line]


def nothing_left(folder: Path, seconds: float = 6.0) -> str:
    """Empty once no process names the folder any more."""
    end = time.monotonic() + seconds
    while left := processes_of(folder):
        if time.monotonic() > end:
            return f"still running: {left}"
        time.sleep(0.05)
    return ""
