"""What the benchmark of the light set writes, counts and tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from published.lists import Published, PublishedFile, files_of
from safetensors.torch import load_file

from devtools.bench.learned import full_size
from devtools.bench.learned.light import field, files, stages
from img23d_backend.mesh.isosurface.octree import sample_sparse

TOOK = stages.Took(dtype="float32", first=9.0, again=5.0, processor=8.0, share=4.0, share_of_more=2.0, loading=3.0, peak=10)
HELD = {"one": stages.Held(weights=10**9, work=2 * 10**9), "other": stages.Held(weights=15 * 10**8, work=10**9)}


def test_a_random_file_has_the_published_names_shapes_and_types(tmp_path: Path) -> None:
    """Read by the format's own library; the numbers that scale lie around 1."""
    tensors = {
        "a.weight": Published(dtype="F32", shape=(3000, 700)),
        "b.weight": Published(dtype="F16", shape=(500,)),
        "b.index": Published(dtype="I64", shape=(7, 2)),
        "c.bias": Published(dtype="F32", shape=(500,)),
    }
    file = PublishedFile(rows=(), path="model.safetensors", known="code", source="", bytes=None, tensors=tensors, config={})
    full_size.write_random(tmp_path / file.path, file, lambda name: name == "b.weight")
    read = load_file(tmp_path / file.path)
    assert {name: tuple(tensor.shape) for name, tensor in read.items()} == {name: one.shape for name, one in tensors.items()}
    assert [read[name].dtype for name in tensors] == [torch.float32, torch.float16, torch.int64, torch.float32]
    assert {name: round(float(tensor.float().mean()), 2) for name, tensor in read.items()} == {"a.weight": 0, "b.weight": 1, "b.index": 0, "c.bias": 0}
    assert float(read["a.weight"].std()) == pytest.approx(full_size.DEVIATION, rel=0.01)


@pytest.mark.parametrize("set_id", [files.GROUNDER, files.MATTER, files.DEPTH, files.SHAPER])
def test_what_scales_is_known_by_its_name(set_id: str) -> None:
    """A norm has a vector that multiplies and one that is added: as many of the one as of the other, and no matrix among them."""
    (file,) = files_of(set_id)
    scales = {name for name in file.tensors if files.is_scale(file, name)}
    added = {name.removesuffix("weight") + "bias" for name in scales if name.endswith("weight")}
    assert scales and added <= file.tensors.keys()
    assert all(file.tensors[name].shape == file.tensors[f"{name.removesuffix('weight')}bias"].shape for name in scales if name.endswith("weight"))


def test_seconds_on_free_cores_are_the_first_threads() -> None:
    runs = [{"one": TOOK, "other": TOOK}, {"one": TOOK, "other": replace(TOOK, share=50.0, share_of_more=100.0)}]
    rows = {str(one["what"]): one for one in stages.object_rows(runs)}
    told = {what.partition("one after the other, ")[2].partition(", extrapolated")[0]: one["ours"] for what, one in rows.items()}
    assert told == {
        "loading included, 2 threads: seconds beside the machine's other work": [18.0, 18.0],
        "everything loaded, 2 free cores like these": [8.0, 54.0],
        "loading included, 2 free cores like these": [14.0, 60.0],
        "everything loaded, 4 free cores like these": [4.0, 102.0],
        "loading included, 4 free cores like these": [10.0, 108.0],
    }
    assert [one["goal"] for one in rows.values()] == ["", "", "", "≤ 60", "≤ 60"]


def test_a_card_holds_one_networks_weights_and_its_work_or_all_weights_and_the_most_work() -> None:
    one, all_of_them = list(stages.held_rows(HELD))[-2:]
    assert one["ours"] == [3e9] and one["goal"] == "≤ 4 GB"
    assert all_of_them["ours"] == [4.5e9]


def test_a_cell_that_is_missed_and_one_that_is_made_up_are_counted() -> None:
    def solid(points: np.ndarray) -> np.ndarray:
        return 0.1 - np.linalg.norm(points - 0.3, axis=1)

    ours, inside = sample_sparse(solid, resolution=255, bounds=0.87, coarse=64), field.dense_grid(solid)
    assert field.differences(ours, inside) == (0, 0, len(ours.cells))
    cells = ours.cells.copy()
    cells[5] = (0, 0, 0)
    assert field.differences(replace(ours, cells=cells[1:]), inside) == (2, 1, len(ours.cells))


@pytest.mark.parametrize("name", field.SOLIDS)
def test_each_solid_is_inside_and_outside_of_the_cube(name: str) -> None:
    values = field.SOLIDS[name]((np.random.default_rng(0).random((200_000, 3)) * 2 - 1) * 0.87)
    assert 0.0001 < float((values > 0).mean()) < 0.5
