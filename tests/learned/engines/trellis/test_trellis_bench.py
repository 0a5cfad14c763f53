"""What the benchmark counts and measures with: bytes of tensors, the voxels, the networks' sizes."""

from __future__ import annotations

import pytest
import torch
from published.lists import PublishedFile, files_of

from devtools.bench.learned.trellis import networks
from devtools.bench.learned.trellis.live import LiveBytes, weight_bytes

MEGABYTE = 1 << 20
FILES = files_of("trellis-image-large")


@torch.no_grad()
def test_bytes_are_those_that_are_there_at_once() -> None:
    before = torch.zeros(4 * MEGABYTE, dtype=torch.uint8)
    with LiveBytes() as live:
        one = before + 1
        view = one[:100].view(10, 10)
        assert live.now == live.peak == 4 * MEGABYTE, "what was there does not count, nor does a view"
        half = (one[: 2 * MEGABYTE] * 2)[:10]  # a small part keeps all of it
        assert live.now == 6 * MEGABYTE
        del one
        assert live.now == 6 * MEGABYTE, "the view still has it"
        del view, half
        assert live.now == 0 and live.peak == 6 * MEGABYTE
        before += 1
        assert live.now == 0


@pytest.mark.parametrize("count", networks.SIZES)
def test_the_voxels_are_different_ones_on_surfaces(count: int) -> None:
    cells = networks.shell(count)
    numbers = (cells[:, 0] * 64 + cells[:, 1]) * 64 + cells[:, 2]
    assert len(numbers.unique()) == count and 0 <= int(cells.min()) and int(cells.max()) < 64
    has = torch.zeros(64**3, dtype=torch.bool).index_fill_(0, numbers, True).view(64, 64, 64)
    filled = torch.nn.functional.avg_pool3d(has[None, None].float(), 3, 1)
    assert not bool((filled == 1).any()), "a shell is thinner than three voxels"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_the_networks_are_of_the_published_sizes(file: PublishedFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_filled", lambda network, _device: network)  # on the meta device, without numbers
    (config,) = file.config.values()
    network = networks.network(config["name"].removeprefix("Elastic"), torch.float16, "cpu")
    assert weight_bytes(network) == file.file_bytes - len(file.head())
