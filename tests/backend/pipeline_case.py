"""A photo of two things, and a caller that remembers what the pipeline told it."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_engine import SmallEngine

from img23d_backend.engines import Engines
from img23d_backend.jobs.job import Caller
from img23d_backend.jobs.pipeline import run_job
from img23d_protocol.messages import (
    Box,
    Generate,
    Locate,
    Paint,
    Wanted,
)

WIDTH, HEIGHT = 240, 160
NO_MODELS = Path("no such folder")
LEFT_BOX = Box(left=0.0, top=0.0, right=0.5, bottom=1.0)
RIGHT_BOX = Box(left=0.5, top=0.0, right=1.0, bottom=1.0)
TWO = (Wanted(name="cup", box=LEFT_BOX), Wanted(name="cup", box=RIGHT_BOX))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A red disc of 80 pixels at (60, 70) and a blue plate of 40 x 100 at (160..200, 30..130) on light grey."""
    picture = np.full((HEIGHT, WIDTH, 3), 225, np.uint8)
    cv2.circle(picture, (60, 70), 40, (30, 40, 200), -1)
    picture[30:130, 160:200] = (190, 90, 20)
    path = tmp_path / "zwei Dinge.png"
    cv2.imencode(".png", picture)[1].tofile(path)
    return path


def request(photo: Path, *wanted: Wanted, **changes: object) -> Generate:
    plain = Generate(job="j", photo=str(photo), run_folder=str(photo.parent / "run"), wanted=wanted, engine="small")
    return dataclasses.replace(plain, **changes)


class Told(list):
    """What a job has said, and where its files are."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = folder


def run(
    job: Generate | Locate | Paint,
    engine: SmallEngine | None = None,
    is_cancelled=lambda: False,
    is_target_cancelled=lambda target: False,
) -> Told:
    told = Told(job.run_folder)
    small = (engine or SmallEngine()).as_engine()
    load = Engines(NO_MODELS).load if job.engine == "preview" else (lambda engine_id: small)
    run_job(
        job,
        Caller(
            emit=told.append,
            load_engine=load,
            is_cancelled=is_cancelled,
            is_target_cancelled=is_target_cancelled,
        ),
    )
    return told


def only(told: list[object], kind: type) -> list[object]:
    return [message for message in told if type(message) is kind]


def files(told: Told, kind: type) -> list[str]:
    """The paths of those that a message of a kind names first."""
    names = (message.files[0] if hasattr(message, "files") else message.file for message in only(told, kind))
    return [os.path.join(told.folder, name) for name in names]


def record(photo: Path) -> dict[str, object]:
    return json.loads((photo.parent / "run" / "run.json").read_text(encoding="utf-8"))
