"""AutoPartGen's network against its own code's numbers, what it leaves out against the whole of it, and its files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from published.lists import PublishedFile, files_of
from torch import Tensor

sys.path.append(str(Path(__file__).resolve().parents[2] / "vecset"))
from reference import data, picked, weights

from img23d_backend.engines.autopartgen.loading.files import Counts, load_dit, load_vae, read_counts
from img23d_backend.engines.autopartgen.networks.dit import PartDiT, PartSizes, Slot
from img23d_backend.engines.autopartgen.sampling.guidance import Guidance, Knows
from img23d_backend.engines.autopartgen.sampling.sample import SCALE, Branch, sample
from img23d_backend.engines.autopartgen.sampling.solver import table
from img23d_backend.vecset.networks.autoencoder import VAEConfig, VecsetVAE
from img23d_backend.vecset.networks.regrouping import regrouped
from img23d_protocol import ErrorCode, Img23DError

CLOSE = 1e-5
LATENTS, TIME, STEPS, SEED = 24, 437, 4, 7
SIZES = PartSizes(channels=16, width=64, heads=4, layers=5, early=2, picture=24)
RECORDED = json.loads(Path(__file__).with_name("reference_autopartgen.json").read_text(encoding="utf-8"))
UNUSED = "sigma_per_part_proj."


def published_tensors(dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """What a file of these sizes holds, without what nothing here reads."""
    with torch.device("meta"):
        shapes = {name: tuple(one.shape) for name, one in PartDiT(SIZES).state_dict().items()}
    return {name: one.to(dtype) for name, one in weights(shapes).items()}


def network(dtype: torch.dtype = torch.float32) -> PartDiT:
    made = PartDiT(SIZES).to(dtype)
    made.load_state_dict(regrouped(published_tensors(dtype), SIZES.heads), strict=True)
    return made.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def dit() -> PartDiT:
    return network()


PICTURE, PART, BLACK = (data(name, 1, 9, 24) for name in ("picture", "part", "black"))
LATENT, WHOLE, HISTORY, NOTHING = data("latents", 1, LATENTS, 16), data("whole", 1, LATENTS, 16), data("history", 1, LATENTS, 16), data("nothing", 1, 1, 16)
NO_SLOT = Slot(tokens=torch.zeros(1, 1, 16))


def off(name: str, found: Tensor) -> float:
    """Against the largest of the numbers, where that is above 1."""
    expected = torch.tensor(RECORDED[name])
    return float((picked(found, len(expected)) - expected).abs().max() / expected.abs().max().clamp(min=1))


def test_each_prediction_is_the_references(dit: PartDiT) -> None:
    """Its contexts have thousands of tokens that are alike where ours have one."""
    start = Slot(tokens=NOTHING, count=LATENTS)
    assert off("both", dit.at(LATENT, TIME, dit.look(PICTURE, PART), dit.know(Slot(tokens=WHOLE), Slot(tokens=HISTORY)))) < CLOSE
    assert off("start", dit.at(LATENT, TIME, dit.look(PICTURE, BLACK), dit.know(Slot(tokens=WHOLE), start))) < CLOSE
    assert off("nothing", dit.at(LATENT, TIME, dit.look(BLACK, BLACK), dit.know(NO_SLOT, NO_SLOT))) < CLOSE
    assert off("whole", dit.at(LATENT, TIME, dit.look(PICTURE, PICTURE), dit.know(NO_SLOT))) < CLOSE


def sampled(dit: PartDiT, guidance: Guidance, part: Tensor) -> Tensor:
    solid, nothing = dit.know(Slot(tokens=WHOLE), Slot(tokens=NOTHING, count=LATENTS)), dit.know(NO_SLOT, NO_SLOT)
    blind = dit.look(BLACK, BLACK)
    ways = {Knows.NOTHING: (blind, nothing), Knows.SOLID: (blind, solid), Knows.BOTH: (dit.look(PICTURE, part), solid)}
    branches = [Branch(weight=weight, picture=ways[knows][0], parts=ways[knows][1]) for knows, weight in guidance.weights(has_picture=True).items()]
    return torch.from_numpy(sample(dit, branches, table(STEPS), latents=LATENTS, seed=SEED, device="cpu", on_step=lambda done: None))


@pytest.mark.parametrize(("image", "geometry", "part"), [(5, 5, PART), (0, 2, BLACK), (3, 2, BLACK)])
def test_a_part_is_the_references(dit: PartDiT, image: float, geometry: float, part: Tensor) -> None:
    """From its noise through its steps: with three predictions there, with those that weigh something here."""
    assert off(f"part {image} {geometry}", sampled(dit, Guidance(image=image, geometry=geometry), part)) < CLOSE


def test_a_whole_is_the_references(dit: PartDiT) -> None:
    nothing = dit.know(NO_SLOT)
    branches = [Branch(weight=weight, picture=dit.look(one, one), parts=nothing) for weight, one in ((7, PICTURE), (-6, BLACK))]
    found = sample(dit, branches, table(STEPS), latents=LATENTS, seed=SEED, device="cpu", on_step=lambda done: None)
    assert off("made whole", torch.from_numpy(found)) < CLOSE


# --- what is left out -------------------------------------------------------------------------------------------------


def test_what_weighs_nothing_changes_nothing() -> None:
    """Of the three predictions' sum, in double precision; which ones are left out."""
    dit = network(torch.float64)
    x = LATENT.double()
    solid, nothing = dit.know(Slot(tokens=WHOLE), Slot(tokens=HISTORY)), dit.know(NO_SLOT, NO_SLOT)
    found = {
        Knows.NOTHING: dit.at(x, TIME, dit.look(BLACK, BLACK), nothing),
        Knows.SOLID: dit.at(x, TIME, dit.look(BLACK, BLACK), solid),
        Knows.BOTH: dit.at(x, TIME, dit.look(PICTURE, PART), solid),
    }
    kept = {(0, 2): 2, (5, 5): 2, (3, 2): 3, (0, 1): 1, (1, 1): 1, (2, 1): 2}
    for (image, geometry), count in kept.items():
        weights_ = Guidance(image=image, geometry=geometry).weights(has_picture=True)
        assert len(weights_) == count
        ours = sum(weight * found[knows] for knows, weight in weights_.items())
        theirs = found[Knows.NOTHING] + image * (found[Knows.BOTH] - found[Knows.SOLID]) + geometry * (found[Knows.SOLID] - found[Knows.NOTHING])
        assert (ours - theirs).abs().max() < 1e-12
    assert Guidance(image=5, geometry=3).weights(has_picture=False) == {Knows.NOTHING: -2, Knows.SOLID: 3}


def test_one_token_stands_for_as_many_as_are_alike() -> None:
    dit = network(torch.float64)
    x, seen = LATENT.double(), dit.look(BLACK, BLACK)
    many, none = NOTHING.expand(1, LATENTS, 16), torch.zeros(1, LATENTS, 16)
    for few, all_ in (
        ((Slot(tokens=WHOLE), Slot(tokens=NOTHING, count=LATENTS)), (Slot(tokens=WHOLE), Slot(tokens=many))),
        ((NO_SLOT, NO_SLOT), (Slot(tokens=none), Slot(tokens=none))),
        ((NO_SLOT,), (Slot(tokens=none),)),
    ):
        assert (dit.at(x, TIME, seen, dit.know(*few)) - dit.at(x, TIME, seen, dit.know(*all_))).abs().max() < 1e-12


@pytest.mark.parametrize(("dtype", "close"), [(torch.bfloat16, 0.15), (torch.float16, 0.02)])
def test_half_precision_weighs_them_as_well(dtype: torch.dtype, close: float) -> None:
    """One key's logarithm of 2048 alone would be off by 0.7% in bfloat16."""
    half, whole = network(dtype), network()
    slots = Slot(tokens=WHOLE), Slot(tokens=NOTHING, count=2048)
    expected = whole.at(LATENT, TIME, whole.look(PICTURE, PART), whole.know(*slots))
    assert (half.at(LATENT, TIME, half.look(PICTURE, PART), half.know(*slots)).float() - expected).abs().max() < close
    bias = half.know(*slots)[0].bias
    assert bias is not None and not bias[..., :LATENTS].any()
    assert float(bias[..., LATENTS:].double().exp().sum()) == pytest.approx(2048, rel=1e-3)


# --- files ------------------------------------------------------------------------------------------------------------


def file_of(row: str) -> PublishedFile:
    (one,) = files_of(row)
    return one


@pytest.mark.parametrize("row", ["autopartgen-2048", "autopartgen-4096"])
def test_the_network_has_the_published_names_and_shapes(row: str) -> None:
    file = file_of(row)
    with torch.device("meta"):
        own = PartDiT(PartSizes(channels=64, width=2048, heads=16, layers=21, early=10, picture=1024)).state_dict()
    listed = {name: one.shape for name, one in file.tensors.items()}
    assert {name: tuple(one.shape) for name, one in own.items()} == {name: shape for name, shape in listed.items() if not name.startswith(UNUSED)}
    assert len(listed) == 662 and sum(torch.Size(shape).numel() for shape in listed.values()) == file.parameters


def test_the_decoder_has_the_published_names_and_shapes() -> None:
    file = file_of("autopartgen-vae")
    config = VAEConfig(channels=64, heads=8, encoder_width=512, decoder_width=1024, encoder_layers=8, decoder_layers=16)
    with torch.device("meta"):
        own = VecsetVAE(config).state_dict()
    assert {name: tuple(one.shape) for name, one in own.items()} == {name: one.shape for name, one in file.tensors.items()}
    assert len(own) == 356 and sum(one.numel() for one in own.values()) == file.parameters


@pytest.mark.parametrize("around", [True, False])
def test_files_of_both_forms_are_read(tmp_path: Path, around: bool) -> None:
    tensors = published_tensors() | {f"{UNUSED}linear_1.weight": torch.zeros(4, 4)}
    path = tmp_path / "autopartgen_dit.pth"
    torch.save({"model": tensors, "optimizer": {"state": {0: torch.zeros(2)}}, "iteration": 3} if around else tensors, path)
    read = load_dit(path, torch.float32)
    assert read.sizes == SIZES
    for name, one in network().state_dict().items():
        assert torch.equal(read.state_dict()[name], one)
    with pytest.raises(Img23DError) as told:
        load_vae(path, torch.float32)
    assert told.value.code is ErrorCode.WEIGHTS_UNFIT


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"model": {"proj_in.weight": torch.zeros(4, 2)}}, ErrorCode.WEIGHTS_UNFIT),
        ({}, ErrorCode.WEIGHTS_UNFIT),
        ([torch.zeros(2)], ErrorCode.WEIGHTS_UNFIT),
        (print, ErrorCode.WEIGHTS_DAMAGED),
    ],
    ids=["another network", "empty", "a list", "code"],
)
def test_files_of_something_else_end_in_a_sentence(tmp_path: Path, content: object, code: ErrorCode) -> None:
    """Code in a pickle is not run."""
    path = tmp_path / "autopartgen_dit.pth"
    torch.save(content, path)
    with pytest.raises(Img23DError) as told:
        load_dit(path, torch.float32)
    assert told.value.code is code


def test_how_many_latents_there_are(tmp_path: Path) -> None:
    assert read_counts(tmp_path, 4096) == Counts(latents=4096, surface=32_768) and read_counts(tmp_path, 2048).surface == 32_768
    config = tmp_path / "config.yaml"
    config.write_text("dit: {num_latents: 512}\nvae: {latent_eval_downscale: 8}\n", encoding="utf-8")
    assert read_counts(tmp_path, 2048) == Counts(latents=512, surface=4096)
    for text, code in (
        ("dit: [", ErrorCode.WEIGHTS_DAMAGED),
        ("dit: {}", ErrorCode.WEIGHTS_UNFIT),
        ("dit: {num_latents: 0}\nvae: {latent_eval_downscale: 8}", ErrorCode.WEIGHTS_UNFIT),
    ):
        config.write_text(text, encoding="utf-8")
        with pytest.raises(Img23DError) as told:
            read_counts(tmp_path, 2048)
        assert told.value.code is code


def test_the_scale_is_the_published_one() -> None:
    assert SCALE == pytest.approx(1.268390, abs=1e-9)
