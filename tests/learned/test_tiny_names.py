"""The small checkpoints have the published files' names: a reader that takes them takes those, as far as names go.

What they hold is read by the format's own description, not by a library: eight bytes of length, then JSON. A pickle is read by torch,
without code. TRELLIS's have the published types and shapes as well, with their own configuration's numbers of channels in the place of
the published.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from published.lists import PublishedFile, files_of, patterns
from tiny.make import MAKERS

ALL = [(row, file) for row in MAKERS for file in files_of(row)]
FILES = [(row, file) for row, file in ALL if file.path.endswith(".safetensors")]
PICKLES = [(row, file) for row, file in ALL if not file.path.endswith(".safetensors")]
IDS = [f"{row} {Path(file.path).parent.name}" for row, file in FILES]
# Of networks whose levels differ: the tiny ones have fewer levels, and not all of them have attention
_KINDS = ("attentions.#.", "resnets.#.")
_SHORTCUT = "conv_shortcut"  # only where the number of channels changes
_TODAY = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_OLD = re.compile(rf"(?<=mid_block\.attentions\.0\.)({'|'.join(_TODAY)})(?=\.)")
_TRAINING = "lrm_generator."  # of the published training's parts, the one that is listed


def header_of(path: Path) -> dict[str, dict]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        content = json.loads(file.read(length))
    return {name: entry for name, entry in content.items() if name != "__metadata__"}


def names_in(path: Path) -> set[str]:
    return set(header_of(path))


def small_file(models: Path, row: str, file: PublishedFile) -> Path:
    """What is published in several files, and listed by a pattern of their names, is one here."""
    (found,) = (models / row).glob(file.path)
    return found


def names_pickled(path: Path) -> set[str]:
    """The turbo painter's VAE is of 2022, and its list of today."""
    content = torch.load(path, map_location="cpu", weights_only=True)
    names = {name.removeprefix(_TRAINING) for name in content.get("state_dict", content.get("model", content))}
    return {_OLD.sub(lambda match: _TODAY[match[1]], name) for name in names} if path.parent.name == "vae" else names


def tails(found: set[str], kind: str) -> set[str]:
    """What follows the last `kind` in the names that have it."""
    return {name.rpartition(kind)[2] for name in found if kind in name and _SHORTCUT not in name}


@pytest.mark.parametrize(("row", "file"), FILES, ids=IDS)
def test_a_small_checkpoint_has_the_published_names(tiny_models: Path, row: str, file: PublishedFile) -> None:
    assert_same(names_in(small_file(tiny_models, row, file)), file)


@pytest.mark.parametrize(("row", "file"), PICKLES, ids=[row for row, _ in PICKLES])
def test_a_small_checkpoint_that_is_a_pickle_has_the_published_names(tiny_models: Path, row: str, file: PublishedFile) -> None:
    assert_same(names_pickled(tiny_models / row / file.path), file)


def assert_same(names: set[str], file: PublishedFile) -> None:
    found, published = patterns(names), patterns(file.tensors)
    assert found - published == set()
    if any(kind in name for name in published for kind in _KINDS):
        assert all(tails(found, kind) == tails(published, kind) for kind in _KINDS)
        assert {name.split(".")[0] for name in found} == {name.split(".")[0] for name in published}
    else:
        assert published - found == set()


def test_every_small_checkpoint_is_looked_at(tiny_models: Path) -> None:
    looked_at = {small_file(tiny_models, row, file) for row, file in ALL}
    endings = (".safetensors", ".bin", ".ckpt", ".pt", ".pth")
    written = {path for path in tiny_models.rglob("*") if path.suffix in endings and not path.name.startswith(".")}  # those keep results
    assert looked_at == written


# --- TRELLIS's types and shapes ---------------------------------------------------------------------------------------

Args = Mapping[str, int]
Sizes = dict[int, int]  # a published length of a tensor's side -> the small one's


def _flow(args: Args) -> Sizes:
    width, heads = args["model_channels"], args["num_heads"]
    assert width == args["cond_channels"], "as published: the table does not tell them apart"
    multiples = {1024 * times: width * times for times in (1, 2, 3, 4, 6)}
    return multiples | {8: 8, 16: heads, 64: width // heads}


def _latent_flow(args: Args) -> Sizes:
    (finer,) = args["io_block_channels"]
    return _flow(args) | {3: 3, 128: finer, 256: 2 * finer}


def _structure_decoder(args: Args) -> Sizes:
    first, second, third = args["channels"]  # what doubles the resolution has eight times the next one's channels
    return {1: 1, 3: 3, 8: 8, 512: first, 128: second, 32: third, 1024: 8 * second, 256: 8 * third}


def _trunk(args: Args) -> Sizes:
    return {768 * times: args["model_channels"] * times for times in (1, 3, 4)} | {3: 3, 8: 8}


def _splat_decoder(args: Args) -> Sizes:
    count = args["representation_config"]["num_gaussians"]
    return _trunk(args) | {32: count, 448: 14 * count}  # position, colour, scale, rotation, opacity


def _mesh_decoder(args: Args) -> Sizes:
    return _trunk(args) | {1: 1, 192: args["model_channels"] // 4, 96: args["model_channels"] // 8, 101: 101}


def _encoder(args: Args) -> Sizes:
    patches = (args["image_size"] // args["patch_size"]) ** 2
    return {1: 1, 3: 3, 4: args["num_register_tokens"], 14: args["patch_size"], 1370: patches + 1, 1024: args["hidden_size"], 4096: 4 * args["hidden_size"]}


SIZES: Mapping[str, Callable[[Args], Sizes]] = {
    "ss_flow_img_dit_L_16l8_fp16": _flow,
    "slat_flow_img_dit_L_64l8p2_fp16": _latent_flow,
    "ss_dec_conv3d_16l8_fp16": _structure_decoder,
    "slat_dec_gs_swin8_B_64l8gs32_fp16": _splat_decoder,
    "slat_dec_mesh_swin8_B_64l8m256c_fp16": _mesh_decoder,
    "model": _encoder,
}
TRELLIS = [(row, file) for row, file in FILES if Path(file.path).stem in SIZES and row in ("trellis-image-large", "dinov2-with-registers-large")]


def _side(name: str, length: int, args: Args, sizes: Sizes) -> int:
    """Two lengths are another's by chance: how many cells a structure has, and of the time's waves, which are always as many."""
    if name == "pos_emb" and length == 4096:
        return args["resolution"] ** 3
    return 256 if name == "t_embedder.mlp.0.weight" and length == 256 else sizes[length]


def _scaled(file: PublishedFile, args: Args) -> set[tuple[str, str, tuple[int, ...]]]:
    sizes = SIZES[Path(file.path).stem](args)
    return {
        (*patterns([name]), tensor.dtype, tuple(_side(name, length, args, sizes) for length in tensor.shape))
        for name, tensor in file.tensors.items()
    }  # fmt: skip


@pytest.mark.parametrize(("row", "file"), TRELLIS, ids=[Path(file.path).stem for _, file in TRELLIS])
def test_a_small_trellis_has_the_published_types_and_shapes(tiny_models: Path, row: str, file: PublishedFile) -> None:
    path = tiny_models / row / file.path
    config = path.with_name("config.json") if path.stem == "model" else path.with_suffix(".json")
    content = json.loads(config.read_text(encoding="utf-8"))
    (published,) = file.config.values()
    assert content.get("name") == published.get("name")
    assert set(published.get("args", {})) <= set(content.get("args", {})) | {"use_fp16"}
    found = {(*patterns([name]), entry["dtype"], tuple(entry["shape"])) for name, entry in header_of(path).items()}
    assert found == _scaled(file, content.get("args", content))


def test_all_of_trellis_is_looked_at() -> None:
    assert {Path(file.path).stem for _, file in TRELLIS} == set(SIZES)
