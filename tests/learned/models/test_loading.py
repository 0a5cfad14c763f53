"""Weights from a file to a network: mapped, strict, and with the numbers that are in the file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from img23d_backend.models.loading import build, read_tensors
from img23d_protocol import ErrorCode, Img23DError


class Waves(nn.Module):
    """A layer beside frequencies that no file holds."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.register_buffer("frequencies", 2.0 ** torch.arange(4), persistent=False)
        self.register_buffer("count", torch.zeros((), dtype=torch.long))


@pytest.fixture
def tensors() -> dict[str, torch.Tensor]:
    values = {"layer.weight": torch.randn(2, 3), "layer.bias": torch.randn(2)}
    return {key: value.half() for key, value in values.items()} | {"count": torch.tensor(7)}


def test_a_network_gets_the_files_numbers_and_keeps_its_own_buffers(tensors: dict[str, torch.Tensor]) -> None:
    network = build(Waves, tensors, torch.float32)
    assert torch.equal(network.layer.weight, tensors["layer.weight"].float())
    assert network.layer.weight.dtype == torch.float32 and not network.layer.weight.requires_grad
    assert network.frequencies.tolist() == [1, 2, 4, 8]
    assert network.count == 7
    assert not network.training


def test_tensors_of_the_right_dtype_are_not_copied(tensors: dict[str, torch.Tensor]) -> None:
    network = build(Waves, tensors, torch.float16)
    assert network.layer.weight.data_ptr() == tensors["layer.weight"].data_ptr()


@pytest.mark.parametrize("name", ["a.safetensors", "a.ckpt"])
def test_a_prefix_picks_one_network_of_a_file(tmp_path: Path, name: str, tensors: dict[str, torch.Tensor]) -> None:
    path = tmp_path / name
    if path.suffix == ".safetensors":
        save_file({f"vae.{key}": tensor for key, tensor in tensors.items()} | {"model.x": torch.ones(1)}, path)
    else:
        torch.save({"vae": tensors, "model": {"x": torch.ones(1)}}, path)
    read = read_tensors(path, "vae.")
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[key], tensors[key]) for key in tensors)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda tensors: tensors.pop("layer.bias"), "1 missing: layer.bias; 0 unexpected"),
        (lambda tensors: tensors.update(other=torch.ones(1)), "1 unexpected: other"),
        (lambda tensors: tensors.update({"layer.bias": torch.ones(5)}), "size mismatch"),
    ],
    ids=["missing", "unexpected", "shape"],
)
def test_weights_of_another_network_are_refused(tensors: dict[str, torch.Tensor], change: object, told: str) -> None:
    change(tensors)
    with pytest.raises(Img23DError) as error:
        build(Waves, tensors, torch.float32)
    assert error.value.code is ErrorCode.WEIGHTS_UNFIT
    assert told in error.value.detail


@pytest.mark.parametrize("name", ["a.safetensors", "a.ckpt"])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, name: str, tensors: dict[str, torch.Tensor]) -> None:
    path = tmp_path / name
    save_file(tensors, path) if path.suffix == ".safetensors" else torch.save(tensors, path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(Img23DError) as error:
        read_tensors(path)
    assert error.value.code is ErrorCode.WEIGHTS_DAMAGED


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    path, trace = tmp_path / "a.ckpt", tmp_path / "trace"

    class Evil:
        def __reduce__(self) -> tuple:
            return Path.touch, (trace,)

    torch.save({"model": Evil()}, path)
    with pytest.raises(Img23DError) as error:
        read_tensors(path)
    assert error.value.code is ErrorCode.WEIGHTS_DAMAGED
    assert not trace.exists()


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(Img23DError) as error:
        read_tensors(tmp_path / "model.safetensors")
    assert error.value.code is ErrorCode.WEIGHTS_MISSING
