"""LPIPS against a second reading of its definition, with random weights: the published ones are nobody's to pass on.

Its authors' package needs torchvision, which the learned environment has not. Once it was held against that package by hand: lpips 0.1.4 with its
published heads, and AlexNet as below with the same random weights in torchvision's place gave the same numbers to 1e-7 of them.
"""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from made_up import colored_box, handing_out, write_pair
from test_evaluate import VARIABLES, command
from torch import Tensor, nn

from img23d_backend.evaluation.lpips import ALEXNET, HEADS, LPIPS_NAME, Lpips, PublishedFile, checked, read_lpips
from img23d_backend.evaluation.pairs import pairs_in
from img23d_backend.evaluation.report import write_report
from img23d_backend.evaluation.runner import Row, evaluate
from img23d_protocol import ErrorCode, Img23DError


def random_tensors(file: PublishedFile, seed: int) -> dict[str, Tensor]:
    """Heads weigh, so that theirs are above 0; the large classifier, which is not asked, takes no memory."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in file.shapes.items():
        fan_in = math.prod(shape[1:]) or 1
        one = torch.zeros(1).expand(shape) if name.startswith("classifier") else torch.randn(shape, generator=generator) / fan_in**0.5
        tensors[name] = one.abs() if name.startswith("lin") else one
    return tensors


@pytest.fixture(scope="module")
def lpips() -> Lpips:
    return Lpips(alexnet=checked(random_tensors(ALEXNET, 0), ALEXNET), heads=checked(random_tensors(HEADS, 1), HEADS))


def pictures(side: int = 96) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    one = random.random((side, side + 10, 3))
    return one, np.clip(one + 0.2 * random.standard_normal(one.shape), 0, 1)


class Features(nn.Sequential):
    """As torchvision's alexnet lists its layers (Krizhevsky, One weird trick for parallelizing convolutional neural networks, 2014)."""

    def __init__(self) -> None:
        first = (nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(kernel_size=3, stride=2))
        second = (nn.Conv2d(64, 192, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(kernel_size=3, stride=2))
        third = (nn.Conv2d(192, 384, kernel_size=3, padding=1), nn.ReLU())
        fourth = (nn.Conv2d(384, 256, kernel_size=3, padding=1), nn.ReLU())
        fifth = (nn.Conv2d(256, 256, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(kernel_size=3, stride=2))
        super().__init__(*first, *second, *third, *fourth, *fifth)


@torch.no_grad()
def second_reading(alexnet: dict[str, Tensor], heads: dict[str, Tensor], one: np.ndarray, other: np.ndarray) -> float:
    """The definition, equation 1 of the paper, in double precision: what follows each ReLU, of length 1 at each place, weighed by channel."""
    features = Features()
    features.load_state_dict({name.removeprefix("features."): tensor for name, tensor in alexnet.items() if name.startswith("features.")})
    features = features.double()
    total = 0.0
    # What the package takes for the mean and the spread of ImageNet's colours, in -1 to 1
    mean, spread = np.array([-0.030, -0.088, -0.188]), np.array([0.458, 0.448, 0.450])
    seen = [torch.from_numpy(((2 * picture - 1 - mean) / spread).transpose(2, 0, 1).copy())[None] for picture in (one, other)]
    number = 0
    for layer in features:
        seen = [layer(values) for values in seen]
        if isinstance(layer, nn.ReLU):
            a, b = (values[0] / (values[0].norm(dim=0) + 1e-10) for values in seen)
            weights = heads[f"lin{number}.model.1.weight"].double().flatten()
            total += float(torch.einsum("chw,c->hw", (a - b) ** 2, weights).mean())
            number += 1
    assert number == 5
    return total


def test_the_definition_read_twice_gives_the_same_number(lpips: Lpips) -> None:
    one, other = pictures()
    wanted = second_reading(dict(lpips.alexnet), dict(lpips.heads), one, other)
    assert wanted > 0.01 and lpips(one, other) == pytest.approx(wanted, rel=1e-5)


def test_a_picture_is_no_way_from_itself_and_as_far_there_as_back(lpips: Lpips) -> None:
    one, other = pictures()
    assert lpips(one, one) == 0
    assert lpips(one, other) == pytest.approx(lpips(other, one), rel=1e-6)
    nearer = one + 0.1 * (other - one)
    assert lpips(one, nearer) < lpips(one, other)


def test_pictures_of_two_sizes_or_too_small_ones_are_refused(lpips: Lpips) -> None:
    one, _ = pictures()
    for pair in ((one, one[:-1]), (one[:32, :32], one[:32, :32])):
        with pytest.raises(ValueError, match="64 pixels"):
            lpips(*pair)


# --- the files --------------------------------------------------------------------------------------------------------


def test_the_files_are_those_that_are_published() -> None:
    """torchvision's documentation counts 61,100,840 numbers in AlexNet, the paper 64, 192, 384, 256 and 256 channels; pyiqa's copies of the
    heads are named by their digest, LPIPS_v0.1_alex-df73285e.pth.
    """
    assert sum(map(math.prod, ALEXNET.shapes.values())) == 61_100_840
    assert [math.prod(shape) for shape in HEADS.shapes.values()] == [64, 192, 384, 256, 256]
    assert ALEXNET.sha256 in ALEXNET.name and HEADS.sha256.startswith("df73285e")


@pytest.mark.parametrize("file", [ALEXNET, HEADS], ids=lambda file: file.name)
def test_other_names_or_shapes_do_not_fit(file: PublishedFile) -> None:
    tensors = random_tensors(file, 0)
    name = next(iter(tensors))
    without = {key: tensor for key, tensor in tensors.items() if key != name}
    for wrong in (without, tensors | {"more": torch.zeros(1)}, tensors | {name: tensors[name][:, :-1]}, {}):
        with pytest.raises(Img23DError) as caught:
            checked(wrong, file)
        assert caught.value.code is ErrorCode.WEIGHTS_UNFIT
    assert checked(tensors, file) == tensors


def test_a_file_that_is_not_the_published_one_is_never_taken(tmp_path: Path) -> None:
    """Its names and shapes may be right: another network gives another number."""
    heads = tmp_path / "alex.pth"
    torch.save(random_tensors(HEADS, 1), heads)
    for alexnet in (tmp_path / "none.pth", tmp_path, heads):
        with pytest.raises(Img23DError, match=r"alexnet-owt-7be5be79\.pth") as caught:
            read_lpips(alexnet, heads)
        assert caught.value.code is ErrorCode.BAD_REQUEST


# --- in the report ----------------------------------------------------------------------------------------------------


def report_of(tmp_path: Path, lpips: Lpips | None) -> tuple[Row, str]:
    write_pair(tmp_path / "data", "one")
    grey = colored_box()
    grey.visual = type(grey)(grey.vertices, grey.faces).visual
    rows = list(evaluate(pairs_in(tmp_path / "data", 0), handing_out({"one": grey}), tmp_path / "out", lpips))
    return rows[0], write_report(rows, tmp_path / "out", engine="Engine", data="data", machine="").read_text(encoding="utf-8")


def test_where_it_is_not_there_it_is_not_told(tmp_path: Path) -> None:
    row, page = report_of(tmp_path, None)
    assert row.lpips is None and "LPIPS: not available." in page and "<th>SSIM</th><th>Seconds</th>" in page


def test_it_is_told_beside_the_other_scores(tmp_path: Path, lpips: Lpips) -> None:
    row, page = report_of(tmp_path, lpips)
    assert row.lpips is not None and row.lpips > 0 and f"<td>{row.lpips:.3f}</td>" in page
    assert "<th>SSIM</th><th>LPIPS</th><th>Seconds</th>" in page and LPIPS_NAME in page and "not available" not in page
    assert json_lines(tmp_path / "out") == [row.lpips]


def json_lines(out: Path) -> list[object]:
    return [json.loads(line)["lpips"] for line in (out / "scores.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_command_refuses_other_files_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    path.write_bytes(b"not these")
    done = subprocess.run(command("--lpips", str(path), str(path), "--out", str(tmp_path / "out")), capture_output=True, text=True, env=VARIABLES)
    assert done.returncode == 2 and not (tmp_path / "out").exists()
    assert len(done.stderr.strip().splitlines()) == 1 and "is not the published file alexnet-owt-7be5be79.pth" in done.stderr
