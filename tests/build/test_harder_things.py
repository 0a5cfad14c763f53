"""The harder known things: their truth is whole, their masks show it, and the benchmark counts what was not made."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from devtools.bench import known, metrics, picture, qualities, shapes
from devtools.bench.known import KnownThing, known_things
from devtools.bench.rows import lines
from devtools.bench.shapes_table import harder_rows, quality_rows, shape_rows
from devtools.places import DEMO

HARDER = DEMO / "harder"
THINGS = known_things(HARDER)
MEGABYTES = 4  # that a clone may carry for them


def ids(thing: KnownThing) -> str:
    return thing.stem


def test_there_are_enough_of_them_and_a_clone_stays_small() -> None:
    assert len(THINGS) == 10
    assert sum(path.stat().st_size for path in HARDER.iterdir()) < MEGABYTES * 1e6


@pytest.mark.parametrize("thing", THINGS, ids=ids)
def test_the_photo_is_of_one_thing_named_in_plain_words(thing: KnownThing) -> None:
    with Image.open(thing.photo) as photo:
        assert photo.size == (thing.camera["width"], thing.camera["height"]) == thing.mask.shape[::-1]
    assert thing.stem == thing.name.replace(" ", "_")
    assert all(word.replace("-", "").isalpha() for word in thing.name.split())


@pytest.mark.parametrize("thing", THINGS, ids=ids)
def test_every_part_of_the_truth_is_closed_and_stands_on_the_ground(thing: KnownThing) -> None:
    truth = thing.truth
    truth.merge_vertices(merge_tex=True, merge_norm=True)
    parts = truth.split(only_watertight=False)
    assert all(part.is_watertight for part in parts)
    low, high = truth.bounds
    assert low[1] == pytest.approx(0, abs=0.004) and 0.01 < (high - low).max() < 2  # metres, y up
    edges = np.concatenate([np.concatenate([part.faces[:, [0, 1]], part.faces[:, [1, 2]], part.faces[:, [2, 0]]]) + 10**6 * i for i, part in enumerate(parts)])
    assert len(np.unique(edges, axis=0)) == len(edges)  # each edge once in each direction: all faces of a part look the same way


@pytest.mark.parametrize("thing", THINGS, ids=ids)
def test_the_mask_shows_the_truth_through_the_written_camera(thing: KnownThing) -> None:
    truth, mask = thing.truth, thing.mask
    drawn = picture.draw(picture.project(truth.vertices, np.array(thing.camera["to_pixels"])), truth.faces, size=mask.shape)
    assert metrics.mask_iou(drawn.mask, mask) > 0.985
    assert not (mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())  # whole in the photo


@pytest.mark.parametrize("thing", THINGS, ids=ids)
def test_the_thing_has_holes_or_thin_parts_or_the_ground_is_like_it(thing: KnownThing) -> None:
    """Harder than the eight plain ones, by a figure: little of its box is filled, or it differs little in colour from what is round it."""
    rgb = np.asarray(Image.open(thing.photo).convert("RGB")).astype(float)
    rows, columns = np.nonzero(thing.mask)
    box = np.zeros_like(thing.mask)
    box[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
    filled = thing.mask[box].mean()
    contrast = np.abs(rgb[thing.mask].mean(axis=0) - rgb[box & ~thing.mask].mean(axis=0)).max()
    busy = rgb[box & ~thing.mask].std(axis=0).max()  # what is round it is of many colours
    assert filled < 0.5 or contrast < 30 or busy > 25, (filled, contrast, busy)


# --- what the benchmark does with them ----------------------------------------------------------------------------------


def a_thing(folder: Path, *, names: str = "ball") -> KnownThing:
    """A photo of nothing, which no cut-out can find anything in, with the mask of a disc and the truth of a harder thing."""
    y, x = np.mgrid[0:64, 0:64]
    Image.new("RGB", (64, 64), (128, 128, 128)).save(folder / "ball.png")
    Image.fromarray((np.hypot(x - 32, y - 32) < 20).astype(np.uint8)).save(folder / "ball_mask.png")
    record = f'{{"names": ["{names}"], "to_camera": {np.eye(4).tolist()}}}'
    (folder / "ball_camera.json").write_text(record, encoding="utf-8")
    (folder / "ball_truth.glb").write_bytes((HARDER / "scissors_truth.glb").read_bytes())
    (thing,) = known_things(folder)
    return thing


def test_a_thing_that_was_not_found_counts_as_a_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    thing, run = a_thing(tmp_path), known.Run(seconds=1.0, processor=1.0, peak_bytes=10**8)
    record = {"error": None, "targets": [{"files": {}, "error": {"code": "empty_cutout", "sentence": "Nothing was found."}}]}
    monkeypatch.setattr(known, "read_record", lambda folder: record)
    monkeypatch.setattr(shapes, "generate", lambda *arguments: run)
    row = shapes.measure_thing(thing, "light-weight", [], tmp_path / "run")
    assert (row.silhouette_iou, row.psnr, row.problem) == (0.0, None, "Nothing was found.")
    assert 0.2 < row.chamfer < 1.8 and row.f_05 < 0.05  # the cube's half side is 1


def test_a_run_that_broke_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        known.generate(tmp_path / "no photo.png", "ball", tmp_path / "run")


def things(way: str, *, iou: float, chamfer: float) -> list[dict]:
    figures = {"silhouette_iou": iou, "chamfer": chamfer, "f_05": 0.5, "psnr": None, "seconds": [1.0, 2.0], "peak_mb": 300.0}
    return [{"name": "chair", "way": way, **figures}]


@pytest.mark.parametrize(("iou", "chamfer", "expected"), [(0.9, 0.05, "met"), (0.5, 0.2, "**missed**")])
def test_the_usual_cut_out_is_measured_against_the_light_weight_one(iou: float, chamfer: float, expected: str) -> None:
    both = [*things(qualities.LIGHT, iou=0.6, chamfer=0.1), *things(qualities.USUAL, iou=iou, chamfer=chamfer)]
    for rows_of in (shape_rows, harder_rows):
        found = {line.what: line.verdict() for line in lines([(rows_of(both), 1.0)]) if "beside" in line.what}
        assert [verdict for what, verdict in found.items() if what.startswith(("chamfer", "what the silhouette"))] == [expected, expected]


def test_with_one_way_nothing_is_compared() -> None:
    rows = harder_rows(things(qualities.LIGHT, iou=0.6, chamfer=0.1))
    assert rows and not any("beside" in str(row["what"]) for row in rows)


def test_draft_and_balanced_have_goals_of_time_and_memory() -> None:
    runs = [{"quality": quality, "thing": "chair", "seconds": [1.0, 2.5], "peak_bytes": 2e9} for quality in ("Draft", "Balanced", "Best")]
    verdicts = [line.verdict() for line in lines([(quality_rows(runs), 1.0)])]
    assert verdicts == ["on the edge", "**missed**", "met", "**missed**", "", ""]


def test_the_qualities_are_those_of_the_panel() -> None:
    assert qualities.arguments("draft")[:2] == ["--faces", "5000"]
    assert next(iter(qualities.ways())) == qualities.LIGHT
