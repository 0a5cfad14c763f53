"""Damaged records of earlier runs, and damaged tags of objects: skipped, or read with what fits."""

from __future__ import annotations

import json
from pathlib import Path

from batch import tried
from glb_seeds import png
from record_seeds import FOLDER, SEEDS, damaged_record, write_files
from tally import Tally, chosen_cases, effort

from blender_img23d.core.runs.history import read_run
from blender_img23d.core.runs.recipe import recipe_of_tags

MOST_SECONDS = 5.0


def test_the_seeds_are_read_as_they_are_meant(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(png(8))
    for name in ("generate", "paint", "old"):
        folder = tmp_path / name / FOLDER
        write_files(folder, photo)
        (folder / "run.json").write_text(json.dumps(SEEDS[name]), encoding="utf-8")
        job = read_run(folder)
        assert job is not None and [target.name for target in job.targets][0] == "mug", name
        assert job.targets[0].main or job.texture, name
    assert recipe_of_tags(SEEDS["tags"]).settings.hunyuan3d.shape.octree_resolution == 256


def test_damaged_records(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(png(8))
    write_files(tmp_path / "runs" / FOLDER, photo)
    with Tally(name="records", what="mutated run.json and object tags through Past Runs and Make Again") as tally:
        read = 0
        cases = chosen_cases(list(SEEDS), effort(quick=400, long=8000))
        for outcome in tried("record_child", [str(tmp_path), str(photo)], cases):
            slow = f"took {outcome.seconds:.1f} s" if outcome.seconds > MOST_SECONDS else ""
            tally.judge(outcome.case, outcome.broken or slow, damaged_record(outcome.case), ".json")
            tally.saw(MB=outcome.megabytes, seconds=outcome.seconds)
            read += outcome.said not in ("skipped", "no tags")
        tally.note = f"{read} read as far as they fit, the others skipped"
