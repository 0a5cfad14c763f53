"""A model's home in memory: page-locked where cards copy from it, and read before it is needed.

Page-locking itself needs a card; here the blocks are ordinary memory, and the moving into them is the real one.
"""

from __future__ import annotations

import weakref
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from img23d_backend.machine.devices import Device
from img23d_backend.models.offloadable import BLOCK_BYTES, Offloadable

CARD = Device(id="gpu", torch_name="cpu", label="a card", total_bytes=10**12)


def small_model() -> nn.Module:
    return nn.Sequential(nn.Linear(256, 256), nn.GELU(), nn.Linear(256, 256)).requires_grad_(False)


def addresses(model: nn.Module) -> list[int]:
    return [parameter.data_ptr() for parameter in model.parameters()]


def ordinary(size: int) -> Tensor:
    return torch.empty(size, dtype=torch.uint8)


def test_weights_move_into_blocks_and_their_old_memory_is_freed() -> None:
    model = small_model()
    model.half_precision = nn.Parameter(torch.full((3,), 0.5, dtype=torch.float16), requires_grad=False)
    model.register_buffer("scale", torch.tensor(2.0))
    expected = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    offloadable = Offloadable(model)
    old = weakref.ref(model[0].weight.untyped_storage())
    asked: list[int] = []
    offloadable.lock_pages(lambda size: asked.append(size) or ordinary(size))
    assert asked == [BLOCK_BYTES] and old() is None
    assert all(torch.equal(tensor, expected[name]) for name, tensor in model.state_dict().items())
    assert len({tensor.untyped_storage().data_ptr() for tensor in model.state_dict().values()}) == 1


def test_a_model_on_a_card_stays_there_while_its_home_is_page_locked() -> None:
    offloadable = Offloadable(small_model())
    offloadable.move_to(CARD)
    there = addresses(offloadable.module)
    offloadable.lock_pages(ordinary)
    assert addresses(offloadable.module) == there and offloadable.device_id == "gpu"
    offloadable.offload()
    assert len({parameter.untyped_storage().data_ptr() for parameter in offloadable.module.parameters()}) == 1


def test_where_nothing_can_be_page_locked_nothing_changes() -> None:
    offloadable = Offloadable(small_model())
    home = addresses(offloadable.module)

    def refused(size: int) -> Tensor:
        raise RuntimeError("CUDA error: out of memory")

    with pytest.raises(RuntimeError):
        offloadable.lock_pages(refused)
    assert addresses(offloadable.module) == home and not offloadable.is_page_locked


def test_touching_reads_every_page_of_a_memory_map(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"weight": torch.ones(1024, 1024)}, path)
    layer = nn.Linear(1024, 1024, bias=False, device="meta")
    layer.load_state_dict(load_file(path), assign=True)
    assert mapped_and_present(path) < 2**20
    Offloadable(layer).touch()
    assert mapped_and_present(path) >= 2**22


def mapped_and_present(path: Path) -> int:
    """Bytes of a mapped file that this process has touched, proc_pid_smaps(5)."""
    smaps = Path("/proc/self/smaps")
    if not smaps.exists():
        pytest.skip("only Linux tells")
    lines = smaps.read_text(encoding="utf-8").partition(str(path))[2].splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))
