"""Photos of things that are known, and a run of the command line on one of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from ..places import BACKEND, EXTENSION

NOTHING_FOUND = {"no_region", "empty_cutout", "no_surface"}  # the codes of a run that ended well without a mesh


@dataclass(frozen=True, kw_only=True)
class KnownThing:
    """What lies in a folder as STEM.png or .jpg, STEM_mask.png, STEM_camera.json and STEM_truth.glb."""

    stem: str
    photo: Path

    @property
    def camera(self) -> dict:
        return json.loads(self._beside("camera.json").read_text(encoding="utf-8"))

    @property
    def name(self) -> str:
        """As a person would type it."""
        (name,) = self.camera["names"]
        return name

    @property
    def mask(self) -> np.ndarray:
        """(H, W) bool: where the thing is seen."""
        return np.asarray(Image.open(self._beside("mask.png")).convert("L")) == 1

    @property
    def truth(self) -> trimesh.Trimesh:
        """In glTF's axes, where it stood."""
        return load_mesh(self._beside("truth.glb"))

    def _beside(self, ending: str) -> Path:
        return self.photo.with_name(f"{self.stem}_{ending}")


def known_things(folder: Path) -> list[KnownThing]:
    """All of a folder, by name."""
    stems = [path.name.removesuffix("_camera.json") for path in sorted(folder.glob("*_camera.json"))]
    photos = [next(path for ending in ("png", "jpg") if (path := folder / f"{stem}.{ending}").is_file()) for stem in stems]
    return [KnownThing(stem=stem, photo=photo) for stem, photo in zip(stems, photos, strict=True)]


@dataclass(frozen=True, kw_only=True)
class Run:
    """`seconds` as the run's record has them, `processor` those of the whole command, which other programs change little."""

    seconds: float
    processor: float
    peak_bytes: int


def generate(photo: Path, names: str, run_folder: Path, arguments: Sequence[str] = ()) -> Run:
    """Run the command line as a user would, into an empty folder. Raises CalledProcessError unless it comes to an end.

    A thing that was not found is an end too: `problem_of` says so.
    """
    shutil.rmtree(run_folder, ignore_errors=True)
    command = [sys.executable, "-s", "-m", "img23d_backend", "generate", str(photo), "--names", names, *arguments]
    path = os.pathsep.join([str(BACKEND), str(EXTENSION / "shared")])
    before = os.times()
    done = subprocess.run(
        [*command, "--out", str(run_folder), "--seed", "0"],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    after = os.times()
    if not (run_folder / "run.json").is_file() or (done.returncode and not problem_of(run_folder)):
        raise subprocess.CalledProcessError(done.returncode, done.args)
    record = read_record(run_folder)
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(seconds=sum(record["seconds"].values()), processor=processor, peak_bytes=record["peak_memory_bytes"])


def problem_of(run_folder: Path) -> str:
    """What an artist was told where nothing was found; empty where all went well or something else went wrong."""
    record = read_record(run_folder)
    errors = [error for error in (record["error"], *(target["error"] for target in record["targets"])) if error]
    known = [error["sentence"] for error in errors if error["code"] in NOTHING_FOUND]
    return known[0] if known and len(known) == len(errors) else ""


def read_record(run_folder: Path) -> dict:
    return json.loads((run_folder / "run.json").read_text(encoding="utf-8"))


def load_mesh(path: Path) -> trimesh.Trimesh:
    """All of a GLB as one mesh in its scene's space, vertices as they are in the file."""
    scene = trimesh.load_scene(path, process=False)
    return scene.to_mesh()
