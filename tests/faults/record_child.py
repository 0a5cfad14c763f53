"""Tries damaged records on the list of past runs and on what is done with one of them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from record_seeds import FOLDER, damaged_record

INTEGER = 2**31  # what a Blender property holds


def attempt_with(base: str, photo: str) -> Callable[[str], str]:
    from blender_img23d.core.runs.history import list_runs, read_run
    from blender_img23d.core.runs.recipe import Recipe, build_again, recipe_of_job, recipe_of_tags, settings_in_words
    from blender_img23d.shared.img23d_protocol import Img23DError, encode

    folder = Path(base) / "runs" / FOLDER

    def made_again(recipe: Recipe) -> str:
        settings_in_words(recipe.engine, recipe.settings)
        check_numbers(recipe.settings)
        recipe = type(recipe)(**{**vars(recipe), "photo": photo})  # so that the record's numbers get further
        try:
            encode(build_again(recipe, base_folder=Path(base), seed=recipe.seed))
        except Img23DError as error:
            return error.sentence
        return "again"

    def of_tags(data: bytes) -> str:
        try:
            tags = json.loads(data)
        except (ValueError, RecursionError):
            return "no tags"
        return made_again(recipe_of_tags(tags)) if isinstance(tags, dict) else "no tags"

    def attempt(case: str) -> str:
        data = damaged_record(case)
        if case.startswith("tags:"):
            return of_tags(data)
        (folder / "run.json").write_bytes(data)
        (listed,) = list_runs(Path(base))
        job = read_run(listed)
        if job is None:
            return "skipped"
        check_job(job, folder)
        if not job.is_generation:
            return encode(job.request)[:5]
        for index in range(len(job.targets)):
            made_again(recipe_of_job(job, index))
        return "read"

    return attempt


def check_job(job: Any, folder: Path) -> None:
    """What the panel shows of it, and no file outside of the run's folder."""
    assert job.is_over and math.isfinite(job.seconds) and math.isfinite(job.started) and 0.0 <= job.progress <= 1.0
    check_numbers(job.request.settings)
    assert all(type(side) is int and abs(side) < INTEGER for side in job.photo_size), job.photo_size
    assert type(job.request.seed) is int and -1 <= job.request.seed < INTEGER, job.request.seed  # -1 draws one
    for target in job.targets:
        assert isinstance(target.name, str) and type(target.faces) is int and 0 <= target.faces < INTEGER
        for path in (*(one.path for one in target.results.values()), target.cutout, target.preview):
            assert not path or (Path(path).parent == folder and Path(path).is_file()), path


def check_numbers(value: Any) -> None:
    for name, number in _numbers(value):
        assert math.isfinite(number) and (type(number) is float or abs(number) < INTEGER), f"{name} is {number}"


def _numbers(value: Any) -> Iterator[tuple[str, float]]:
    for field in fields(value):
        inner = getattr(value, field.name)
        if is_dataclass(inner):
            yield from _numbers(inner)
        elif type(inner) in (int, float):
            yield field.name, inner
