"""An artist at a real backend."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from desk import ROOT, Desk
from PIL import Image
from whole import objections as wrong_runs

from blender_img23d.core.jobs import Job, JobState
from blender_img23d.core.requests import build_generate, build_settings
from blender_img23d.core.runs.history import read_run
from blender_img23d.process.client import PipeLink
from blender_img23d.process.launch import new_link
from blender_img23d.shared.img23d_protocol.messages import Generate, Wanted
from blender_img23d.shared.img23d_protocol.options.preview import LIGHT_CUTTER

MODELS, LEARNED_PYTHON = "IMG23D_TINY_MODELS", "IMG23D_LEARNED_PYTHON"
ENGINES = {"preview": ("left", "right"), "hunyuan3d": ("red apple", "blue mug")}
DEMO_PHOTO = ROOT / "demo" / "plain" / "photo.jpg"


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
        settings = build_settings(faces=800, cutter=LIGHT_CUTTER, octree_resolution=64, budget=2000)
        wanted, photo = [Wanted(name=name) for name in names or ENGINES[self.engine]], str(self.photo)
        return build_generate(photo=photo, wanted=wanted, engine=self.engine, seed=1, settings=settings, base_folder=self.base)

    def finish(self, *names: str, seconds: float = 240.0) -> Job:
        """A job that has to succeed."""
        job = self.generate(*names)
        self.until(lambda: job.is_over, seconds=seconds)
        assert job.state is JobState.DONE and all(target.textured for target in job.targets), (job.error, job.detail, job.targets)
        return job

    def _make_link(self) -> PipeLink:
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
    """What is wrong with the runs below `base`, which are deleted then."""
    return wrong_runs(base, read_run)
