"""The learned chain's table: what counts as met, what is said about a part that failed, and the distance it measures."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import trimesh

from devtools.bench import blender, crowded, rounds, splats
from devtools.bench.batch import batch_part
from devtools.bench.calibration import Calibration
from devtools.bench.learned import distance, report
from devtools.bench.machine import LoadMeter, cores
from devtools.bench.parts import parts_part
from devtools.bench.rounds import Round
from devtools.bench.rows import lines, row, with_slow_calls
from devtools.bench.timing import in_turn
from devtools.places import ROOT


@pytest.mark.parametrize("source", sorted({path for paths in (*report.PARTS.values(), blender.SOURCES, crowded.SOURCES, splats.SOURCES) for path in paths}))
def test_what_a_part_measures_is_there(source):
    assert (ROOT / source).exists()


@pytest.mark.parametrize(
    ("ours", "reference", "goal", "expected"),
    [
        (1, 20, "≥ 15x", "met"),
        (2, 20, "≥ 15x", "**missed**"),
        (4, 10, "≤ 0.45x", "met"),
        (5, 10, "≤ 0.45x", "**missed**"),
        (5e9, None, "≤ 6 GB", "met"),
        (7e9, None, "≤ 6 GB", "**missed**"),
        (0, 31, "0", "met"),
        (1, 31, "0", "**missed**"),
        (0.04, 0.5, "≤ 0.05", "met"),
        (1, None, "≥ 15x", ""),
        (1, 2, "", ""),
        ([1, 1.2, 1.1], [20, 20, 20], "≥ 15x", "met"),
        ([1, 1.2, 1.4], [20, 20, 20], "≥ 15x", "on the edge"),  # 20, 16.7, 14.3: only the worst run misses
        ([1, 1.5, 1.4], [20, 20, 20], "≥ 15x", "**missed**"),
        ([4, 4, 5], 10, "≤ 0.45x", "on the edge"),  # a reference that was counted once
        ([1.9, 1.95, 3.9], None, "≤ 1 units", "on the edge"),  # the unit below is 2 seconds
        ([1.9, 2.0, 1.5], None, "≤ 1 units", "met"),
    ],
)
def test_a_goal_is_met_when_the_worst_run_meets_it(ours: object, reference: object, goal: str, expected: str) -> None:
    (line,) = lines([([row("what", ours, reference, goal)], 2.0)])
    assert line.verdict() == expected


def test_every_run_of_every_round_of_the_same_code_counts(tmp_path: Path) -> None:
    for code, ours in (("old", [9.0] * 5), ("new", [1.0] * 5), ("new", [1.0, 1.0, 1.0, 1.0, 3.0])):
        measured = [row("slow thing: processor seconds", ours, [20.0] * 5, "≥ 15x")]
        rounds.add("one", Round(date="2026-01-01", machine="m", code=code, rows=measured), tmp_path)
    found = rounds.read("one", tmp_path)
    (line,) = rounds.current_lines(found)
    assert (len(found), line.rounds, len(line.ours), min(line.decisive())) == (3, 2, 10, pytest.approx(20 / 3))
    assert line.verdict() == "on the edge"  # one bad run of ten is not left out
    ((round_of, earlier),) = rounds.earlier_lines(found)
    assert round_of.code == "old" and earlier.verdict() == "**missed**"


def test_rounds_whose_code_was_not_kept_stay_apart(tmp_path: Path) -> None:
    for ours in (1.0, 2.0):
        rounds.add("one", Round(date="2026-01-01", machine="m", rows=[row("thing: seconds", ours, 20, "≥ 15x")]), tmp_path)
    (line,) = rounds.current_lines(rounds.read("one", tmp_path))
    assert line.ours == (2.0,)


def test_a_units_goal_takes_the_clock_that_the_row_is_about(tmp_path: Path) -> None:
    calibration = Calibration(processor=[1.0, 1.0, 1.0], elapsed=[4.0, 5.0, 4.0])  # a busy machine
    measured = [row("a: processor seconds", [3.0], None, "≤ 2 units"), row("a: elapsed seconds", [6.0], None, "≤ 2 units")]
    rounds.add("one", Round(date="2026-01-01", machine="m", code="c", calibration=calibration, rows=measured), tmp_path)
    assert [line.verdict() for line in rounds.current_lines(rounds.read("one", tmp_path))] == ["**missed**", "met"]


def test_a_ratio_that_hangs_on_one_slow_call_is_given_without_it_too() -> None:
    whole, less = with_slow_calls([row("bake: seconds", [1.0], [100.0], "≥ 50x", without=[20.0], slow_call="its convolution")])
    assert (whole["reference"], less["reference"]) == ([100.0], [20.0])
    assert "without its convolution" in str(less["what"]) and less["goal"] == "≥ 50x"


def test_the_table_of_a_graphics_card_stays_beside_the_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "FIGURES", tmp_path)
    assert report.learned_part() == []
    for name, measured in (("shape", row("slow thing: seconds", [2, 4], [20, 20], "≥ 15x")), ("shape_gpu", row("peak, bytes", 5e9, None, "≤ 6 GB"))):
        rounds.add(name, Round(date="2026-01-01", machine=f"the machine of {name}", code="c", rows=[measured]))
    text = "\n".join(report.learned_part())
    assert "2026-01-01, the machine of shape\n" in text and "2026-01-01, the machine of shape_gpu" in text
    assert "| slow thing: seconds | 3 (2 to 4) | 20 | 7.5x (5x to 10x) | 2 | ≥ 15x | **missed** |" in text
    assert "| peak, bytes | 5.00 GB |  |  | 1 | ≤ 6 GB | met |" in text


def test_the_kept_figures_can_be_read() -> None:
    parts = [
        path.stem
        for path in rounds.FIGURES.glob("*.json")
        if path.stem not in ("batch", "layout", "parts", "published", "quality", "relay", "relief", "reliability", "serve")
    ]
    assert {"shapes", "blender", "crowded", "mesh", "unwrap", "bake", "shape"} <= set(parts)
    assert all(rounds.current_lines(rounds.read(part)) for part in parts)
    title, _, table, *_ = parts_part()
    assert title == "## Parts" and "| teapot | 4 |" in table
    title, _, table, _ = batch_part()
    assert title == "## A batch with more workers" and "| 1.7x | " in table and table.count("| 3.5x | ") == 4


def test_timing_runs_both_in_turn() -> None:
    order: list[str] = []
    ours, theirs = in_turn(lambda: order.append("ours"), lambda: order.append("theirs"))
    assert order == ["ours", "theirs"] * 5 and theirs is not None
    assert [len(kept) for kept in (ours.processor, ours.elapsed, theirs.processor)] == [5, 5, 5]


def test_a_busy_neighbour_is_seen() -> None:
    meter = LoadMeter()
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as neighbour:
        time.sleep(1.0)
        load = meter.load()
        neighbour.kill()
    if load.others is None:
        pytest.skip("this system does not tell what its processors do")
    assert load.others * cores() > 0.2  # of one core, on a machine with work of its own


def test_the_distance_of_two_spheres_is_their_radii_apart() -> None:
    balls = [trimesh.creation.icosphere(5, radius) for radius in (1.0, 1.01)]
    distances = distance.surface_distances(*((ball.vertices, ball.faces) for ball in balls), samples=5000)
    assert distances.shape == (10_000,)
    assert np.quantile(distances, [0.01, 0.99]) == pytest.approx(0.01, abs=5e-4)
