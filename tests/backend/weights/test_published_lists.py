"""The frozen lists of the published files against what is public of those files: bytes, hashes, counts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from img23d_backend.weights.registry import WEIGHT_SETS

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from published.lists import KINDS, PublishedFile, files, files_of

WEIGHTS = (".safetensors", ".bin", ".ckpt", ".pth")


@pytest.mark.parametrize("row", [row.id for row in WEIGHT_SETS])
def test_every_row_has_a_list_of_each_of_its_weight_files(row: str) -> None:
    wanted = {pattern for one in WEIGHT_SETS if one.id == row for pattern in one.files if pattern.endswith(WEIGHTS)}
    listed = {one.path for one in files_of(row)}
    assert listed and all(one.known in KINDS and one.source for one in files_of(row))
    assert listed == wanted or wanted == {"*.safetensors"}


def test_no_list_is_of_a_row_that_is_not_there() -> None:
    assert {row for one in files() for row in one.rows} == {row.id for row in WEIGHT_SETS}


@pytest.mark.parametrize("file", [one for one in files() if one.known in ("header", "bytes")], ids=lambda one: one.rows[0])
def test_a_file_of_the_lists_names_has_the_published_bytes(file: PublishedFile) -> None:
    assert file.file_bytes == file.bytes


def test_the_small_shape_models_list_is_the_published_header() -> None:
    (file,) = files_of("hunyuan3d-2mini-standard")
    assert len(file.tensors) == 1325
    assert file.digest_of_header() == file.header_sha256


@pytest.mark.parametrize(("row", "keys"), [("birefnet-lite", 586), ("birefnet-general", 754), ("birefnet-hr", 754)])
def test_birefnets_lists_are_as_long_as_published(row: str, keys: int) -> None:
    (file,) = files_of(row)
    assert len(file.tensors) == keys


@pytest.mark.parametrize("row", ["qwen3-vl-4b", "qwen3-vl-8b"])
def test_sharded_files_have_the_published_number_of_parameters(row: str) -> None:
    (file,) = files_of(row)
    assert file.data_bytes == 2 * file.parameters
    headers = file.bytes - file.data_bytes
    assert abs(headers / len(file.head()) - 1) < 0.02  # the shards' are together about as long as one of all


def test_the_largest_grounders_index_has_the_published_bytes() -> None:
    (file,) = files_of("qwen3-vl-8b")
    names = dict.fromkeys(sorted(file.tensors), "model-00001-of-00004.safetensors")
    index = {"metadata": {"total_size": file.data_bytes}, "weight_map": names}
    assert len(json.dumps(index, indent=2, sort_keys=True)) + 1 == file.index_bytes


def test_what_the_turbo_painter_holds_besides_is_told_in_bytes() -> None:
    file = next(one for one in files_of("hunyuan3d-paint-turbo") if one.path.endswith("safetensors"))
    assert file.known == "part" and file.bytes - file.file_bytes == 59_524_560


def test_partcrafters_lists_fill_what_the_whole_repository_has() -> None:
    """Of its 36 files together the bytes are public: beside the weights in half precision there is room for small files only."""
    left = 3_973_454_051 - sum(file.file_bytes for file in files_of("partcrafter"))
    assert 5_000 < left < 20_000


@pytest.mark.parametrize(("path", "gigabytes"), [("transformer", 3.23), ("part_encoder", 0.11)])
def test_holoparts_lists_make_the_gigabytes_that_are_told(path: str, gigabytes: float) -> None:
    (file,) = (one for one in files_of("holopart") if one.path.startswith(path))
    assert round(file.file_bytes / 1e9, 2) == gigabytes
