"""Damaged lines to the real backend: it answers the next valid request, and says what was wrong in a sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from protocol_seeds import damaged_line, to_backend
from raw_backend import LAST_WORDS, RawBackend
from tally import Tally, chosen_cases, effort

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the limit of memory is a POSIX one")


@pytest.fixture
def seeds(tmp_path: Path) -> dict[str, dict[str, Any]]:
    picture = np.full((48, 64, 3), 235, np.uint8)
    cv2.circle(picture, (20, 24), 12, (40, 60, 200), -1)
    photo, mesh = tmp_path / "photo.png", tmp_path / "box.npz"
    photo.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    corners = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = np.array([corner for a, b, c, d in sides for corner in ((a, b, c), (a, c, d))], np.int32)
    places = np.arange(36, dtype=np.int32).reshape(-1, 3)
    np.savez(mesh, vertices=corners, triangles=triangles, corners=places, corner_count=np.int32(36), view=np.eye(4))
    return to_backend(photo, tmp_path / "folder", mesh)


def test_the_seeds_are_answered(seeds: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    backend = RawBackend(tmp_path / "backend")
    try:
        for kind in ("Generate", "Locate", "Pick", "Paint", "Unwrap"):
            backend.say(kind=kind, **seeds[kind])
            last = backend.until(lambda message: message["kind"] in LAST_WORDS, 60)
            assert last is not None and last["kind"] == "Finished" and not last["failed"], (kind, last)
    finally:
        backend.end()


def test_damaged_lines(seeds: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    probe = {"kind": "Locate", "photo": seeds["Locate"]["photo"], "engine": "preview"}
    with Tally(name="protocol-backend", what="mutated lines, noise and floods to the real backend") as tally:
        backend = RawBackend(tmp_path / "backend")
        started = 1
        for case in chosen_cases([f"to-{kind}" for kind in seeds], effort(quick=120, long=1500)):
            line = damaged_line(seeds, case)
            backend.forget()
            backend.send(line)
            is_well = backend.answers(probe)
            tally.judge(case, objection(backend, is_well), line, ".txt")
            if not is_well:
                backend.end()
                backend = RawBackend(tmp_path / f"backend{started}")
                started += 1
        tally.saw(MB=resident_megabytes(backend.process.pid))
        backend.end()


def objection(backend: RawBackend, is_well: bool) -> str:
    if not is_well:
        ended = backend.process.poll()
        return f"a valid request was not done; exit status {ended}\n{backend.last_words()}"
    if backend.nonsense:
        return f"it wrote what is no message: {backend.nonsense[:3]}"
    accepted = [one["job"] for one in backend.heard if one["kind"] == "Accepted"]
    last_words = [one["job"] for one in backend.heard if one["kind"] in LAST_WORDS and one.get("code") != "busy"]
    if sorted(accepted) != sorted(last_words):
        return f"accepted {accepted}, ended {last_words}"
    for message in backend.heard:
        if "sentence" in message:
            bad = wrong_sentence(message)
            if bad:
                return f"{bad}: {message}"
    return ""


def wrong_sentence(message: dict[str, Any]) -> str:
    sentence = message["sentence"]
    if message.get("code") == "internal":
        return "an error that nobody foresaw"
    return "" if sentence.strip() and sentence[-1] in ".!" and "Traceback" not in sentence else "no sentence"


def resident_megabytes(pid: int) -> float:
    """Linux; 0 elsewhere."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))
