"""InstantMesh's reconstruction: the published names, and what its parts do where the answer is known."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from published.lists import PublishedFile, files_of

from img23d_backend.engines.instantmesh.loading.reconstruction import load_reconstruction
from img23d_backend.engines.instantmesh.networks.reconstruction import Reconstruction, ReconstructionSizes
from img23d_backend.engines.instantmesh.networks.triplane import features_at
from img23d_backend.engines.instantmesh.shape.surface import RESOLUTION, surface_by_distances
from img23d_protocol import ErrorCode, Img23DError

VARIANTS = [f"instantmesh-{kind}-{size}" for kind in ("mesh", "nerf") for size in ("large", "base")]
TOLD_MILLIONS = {"large": 378.7, "base": 313.3}  # of the mesh variants
RADIUS = 0.7


def file_of(variant: str) -> PublishedFile:
    (one,) = files_of(variant)
    return one


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_network_has_the_published_names_and_shapes(variant: str) -> None:
    file = file_of(variant)
    (config,) = file.config.values()
    with torch.device("meta"):
        network = Reconstruction(ReconstructionSizes(**config))
    own = {name: tuple(numbers.shape) for name, numbers in network.state_dict().items()}
    assert own == {name: one.shape for name, one in file.tensors.items()}
    if "-mesh-" in variant:
        assert sum(numbers.numel() for numbers in network.state_dict().values()) / 1e6 == pytest.approx(TOLD_MILLIONS[variant.rsplit("-", 1)[1]], abs=0.06)


def small(file: PublishedFile) -> dict[str, torch.Tensor]:
    """The published names with few numbers: two layers of either kind, 64 and 128 channels, planes of 8."""
    sizes = {768: 64, 3072: 256, 1024: 128, 4096: 512}  # 3072 are 3 x 1024 in one place
    generator = torch.Generator().manual_seed(0)
    found = {}
    for name, one in file.tensors.items():
        number = next((int(part) for part in name.split(".") if part.isdigit()), 0)
        if "layer" in name and number > 1:
            continue
        shape = [sizes.get(size, size) for size in one.shape]
        if name.endswith("in_proj_weight"):
            shape = [384, 128]
        if name == "transformer.pos_embed":
            shape = [1, 3 * 4**2, 128]
        found[f"lrm_generator.{name}"] = torch.randn(shape, generator=generator) * 0.05
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_checkpoint_of_the_published_form_is_read(variant: str, tmp_path: Path) -> None:
    path = tmp_path / "instant_mesh.ckpt"
    tensors = small(file_of(variant))
    torch.save({"state_dict": {**tensors, "lpips.net.weight": torch.zeros(3)}, "epoch": 3}, path)
    network = load_reconstruction(path, torch.float32)
    assert network.sizes.is_mesh == ("-mesh-" in variant)
    assert network.sizes.features == (80 if "large" in variant else 40)
    for name, numbers in network.state_dict().items():
        assert torch.equal(numbers, tensors[f"lrm_generator.{name}"])
    with torch.inference_mode():
        planes = network.planes(torch.rand(6, 3, 64, 64), torch.rand(6, 16))
    assert planes.shape == (3, network.sizes.features, 8, 8) and bool(planes.isfinite().all())


def test_a_checkpoint_of_something_else_ends_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "other.ckpt"
    torch.save({"state_dict": {"lrm_generator.head.weight": torch.zeros(3)}}, path)
    with pytest.raises(Img23DError) as told:
        load_reconstruction(path, torch.float32)
    assert told.value.code is ErrorCode.WEIGHTS_UNFIT


def test_planes_that_hold_a_points_place_give_it_back() -> None:
    """The first plane is looked up by x and y, the second by x and z, the third by z and y; a column is the first of the two."""
    centres = (torch.arange(64) + 0.5) / 32 - 1
    rows, columns = torch.meshgrid(centres, centres, indexing="ij")
    planes = torch.stack((columns, rows))[None].repeat(3, 1, 1, 1)  # what is told is the column's and the row's place
    points = torch.rand(500, 3, generator=torch.Generator().manual_seed(0)) * 1.9 - 0.95
    x, y, z = points.unbind(1)
    assert torch.allclose(features_at(planes, points), torch.stack((x, y, x, z, z, y), dim=1), atol=1e-5)
    assert not features_at(planes, torch.tensor([[1.2, 1.2, 1.2]])).any(), "outside there is nothing"


class Ball(torch.nn.Module):
    """In place of the trained field: its features are the point's squares, so that the distance is that to a ball."""

    def __init__(self, radius: float) -> None:
        super().__init__()
        self.radius = radius

    def distances(self, features: torch.Tensor) -> torch.Tensor:
        return features.sum(1).sqrt() - self.radius

    def moves(self, features: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(features), 3)

    def weights(self, features: torch.Tensor) -> torch.Tensor:
        assert features.shape[1] == 8 * 3
        return torch.zeros(len(features), 21)

    def colors(self, features: torch.Tensor) -> torch.Tensor:
        return features[:, [2, 0, 1]]


class Scene:
    def __init__(self, field: torch.nn.Module) -> None:
        self.field = field

    @staticmethod
    def features_at(planes: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        return points**2


def test_a_ball_comes_out_as_one() -> None:
    surface = surface_by_distances(Scene(Ball(RADIUS)), torch.zeros(1))  # type: ignore[arg-type]
    lengths = torch.from_numpy(surface.vertices).norm(dim=1)
    assert lengths.min() > RADIUS - 5e-4 and lengths.max() < RADIUS + 5e-4
    corners = torch.from_numpy(surface.vertices)[torch.from_numpy(surface.faces).long()].double()
    volume = float(torch.linalg.det(corners).sum() / 6)
    assert volume == pytest.approx(4 / 3 * torch.pi * RADIUS**3, rel=1e-3), "faces look outwards"
    x, y, z = torch.from_numpy(surface.vertices).unbind(1)
    turned = torch.stack((y, x, z), dim=1) ** 2  # the network's z is up, which is glTF's y; its y is glTF's -z
    assert torch.allclose(torch.from_numpy(surface.colors), turned, atol=2e-2)


@pytest.mark.parametrize("radius", [-1.0, 9.0], ids=["nothing inside", "all inside"])
def test_without_a_surface_there_is_a_sentence(radius: float) -> None:
    with pytest.raises(Img23DError) as told:
        surface_by_distances(Scene(Ball(radius)), torch.zeros(1), resolution=RESOLUTION // 4)  # type: ignore[arg-type]
    assert told.value.code is ErrorCode.NO_SURFACE
