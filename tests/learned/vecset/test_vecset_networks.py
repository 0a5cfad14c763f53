"""The family's networks: regrouped heads against the reference's formula, whole networks against numbers of the reference's own code."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from reference import HEADS, data, picked, recorded, shapes_of, weights
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from img23d_backend.vecset.networks.autoencoder import VAEConfig, VecsetVAE
from img23d_backend.vecset.networks.block import Attention, BlockConfig, ContextConfig
from img23d_backend.vecset.networks.dit import DiT, DiTConfig
from img23d_backend.vecset.networks.regrouping import regrouped

CLOSE = 1e-5
PICTURE = ContextConfig(channels=24)
SIZES = {"channels": 8, "width": 64, "heads": HEADS, "layers": 7}
VAE = VAEConfig(channels=8, heads=HEADS, encoder_width=32, decoder_width=48, encoder_layers=2, decoder_layers=3)
TIME = torch.tensor([437.5])


def loaded(network: nn.Module) -> nn.Module:
    """Published weights, regrouped; strict."""
    network.load_state_dict(regrouped(weights(shapes_of(network)), HEADS), strict=True)
    return network.eval().requires_grad_(False)


def dit(*contexts: ContextConfig, **sizes: object) -> DiT:
    return loaded(DiT(DiTConfig(**SIZES, contexts=contexts, **sizes)))


@pytest.fixture(scope="module")
def plain() -> DiT:
    return dit(PICTURE)


def off(name: str, numbers: Tensor) -> float:
    expected = recorded(name)
    return float((picked(numbers, len(expected)) - expected).abs().max())


# --- heads ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_cross", [False, True])
def test_regrouped_heads_give_what_the_references_formula_gives(is_cross: bool) -> None:
    """There queries, keys and values are joined, the whole is cut into heads, and each head into its parts."""
    name = "blocks.0.attn2." if is_cross else "blocks.0.attn1."
    width, channels, heads = 24, 20 if is_cross else 24, 3
    names = {f"{name}to_q.weight": (width, width)} | {f"{name}to_{part}.weight": (width, channels) for part in "kv"}
    published = {key: tensor.double() for key, tensor in weights(names).items()}
    x, context = data("x", 2, 7, width).double(), data("context", 2, 5, channels).double()
    context = context if is_cross else x
    q, k, v = (inputs @ published[f"{name}to_{part}.weight"].T for part, inputs in (("q", x), ("k", context), ("v", context)))
    if is_cross:
        k, v = torch.cat((k, v), dim=-1).view(2, -1, heads, 2 * width // heads).split(width // heads, dim=-1)
        q = q.view(2, -1, heads, width // heads)
    else:
        q, k, v = torch.cat((q, k, v), dim=-1).view(2, -1, heads, 3 * width // heads).split(width // heads, dim=-1)
    expected = scaled_dot_product_attention(*(part.transpose(1, 2) for part in (q, k, v))).transpose(1, 2).flatten(2)
    layer = Attention(BlockConfig(width=width, heads=heads), ContextConfig(channels=channels) if is_cross else None).double()
    layer.to_out[0] = nn.Identity()
    layer.load_state_dict({key.removeprefix(name): tensor for key, tensor in regrouped(published, heads).items()}, strict=True)
    found = layer(x, layer.keys_values(context) if is_cross else None)
    assert (found - expected).abs().max() < 1e-12


def test_what_is_no_attention_stays_as_it_is() -> None:
    published = {"blocks.0.ff.net.2.weight": torch.ones(2, 2), "blocks.0.attn1.to_v.weight": torch.ones(4, 4)}
    assert all(regrouped(published, 2)[key] is tensor for key, tensor in published.items())
    assert regrouped(published, 2, torch.float64)["blocks.0.ff.net.2.weight"].dtype == torch.float64


# --- against the references' own code ---------------------------------------------------------------------------------


def test_triposgs_guided_flow_is_the_references(plain: DiT) -> None:
    x = data("latents", 2, 13, 8)[:1]
    assert off("TripoSG", plain(x, TIME, plain.remember(data("context", 1, 5, 24)), guided=True)) < CLOSE


def test_partcrafters_parts_attend_to_each_other_as_the_references_do() -> None:
    network = dit(PICTURE, joined=frozenset({0, 2, 4, 6}))
    parts = data("parts", 6, 13, 8)
    embedding = weights({"part_embedding.weight": (8, 64)})["part_embedding.weight"]
    memory = network.remember(data("context", 1, 5, 24))
    flow = network.flow(parts, network.time_proj(TIME), memory, seeing=3, together=3, added=embedding[:6, None])
    assert off("PartCrafter", flow) < CLOSE


def test_holoparts_two_contexts_are_the_references() -> None:
    network = dit(PICTURE, ContextConfig(channels=20, attention="attn2_2", norm="norm2_2"))
    memory = network.remember(data("context", 1, 5, 24), data("second", 1, 9, 20))
    assert off("HoloPart", network(data("latents", 2, 13, 8)[:1], TIME, memory)) < CLOSE


def test_autopartgens_early_blocks_look_at_parts_as_the_references_do() -> None:
    network = dit(PICTURE, ContextConfig(channels=8, attention="attn3", norm="norm3"), forward_norm="norm_ff", early=3)
    assert "blocks.3.attn3.to_q.weight" not in network.state_dict()
    memory = network.remember(data("context", 1, 5, 24), data("slots", 1, 2, 13, 8).flatten(1, 2))
    assert off("AutoPartGen", network(data("latents", 2, 13, 8)[:1], TIME, memory)) < CLOSE


@pytest.fixture(scope="module")
def vae() -> VecsetVAE:
    return loaded(VecsetVAE(VAE))


def test_the_decoders_field_is_the_references(vae: VecsetVAE) -> None:
    """Its numbers are turned round: above 0 is inside."""
    field = vae.field(data("latents", 2, 13, 8)[0])
    assert off("VAE field", field(data("points", 1, 40, 3)[0])) < CLOSE


def test_the_encoders_code_is_the_references(vae: VecsetVAE) -> None:
    surface = data("surface", 1, 60, 6)
    mean, log_variance = vae.encode(surface, surface[:, :12])
    assert off("VAE code", torch.cat((mean, log_variance), dim=-1)) < CLOSE


# --- the exact savings ------------------------------------------------------------------------------------------------


def test_a_context_of_zeros_is_a_constant(plain: DiT) -> None:
    x = data("latents", 2, 13, 8)
    zeros = plain(x, TIME, plain.remember(torch.zeros(2, 5, 24)))
    assert (plain(x, TIME, plain.remember(None)) - zeros).abs().max() < 1e-5
    assert (plain(x, TIME, plain.remember(data("context", 1, 5, 24)), guided=True)[2:] - zeros).abs().max() < 1e-5


def test_one_context_serves_several_objects(plain: DiT) -> None:
    x, context = data("latents", 2, 13, 8), data("context", 1, 5, 24)
    shared = plain(x, TIME, plain.remember(context))
    assert (shared - plain(x, TIME, plain.remember(context.expand(2, -1, -1)))).abs().max() < 1e-5
    assert (shared[1:] - plain(x[1:], TIME, plain.remember(context))).abs().max() < 1e-5


def test_without_the_encoder_the_field_is_the_same(vae: VecsetVAE) -> None:
    small = VecsetVAE(VAE, has_encoder=False)
    small.load_state_dict({key: tensor for key, tensor in vae.state_dict().items() if not key.startswith(("encoder.", "quant."))}, strict=True)
    points = data("points", 1, 40, 3)[0]
    latents = data("latents", 2, 13, 8)[0]
    assert torch.equal(small.eval().field(latents)(points), vae.field(latents)(points))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", ["a flow", "a field"])
def test_half_precision_stays_close(name: str, dtype: torch.dtype) -> None:
    networks: dict[str, Callable[[torch.dtype], Tensor]] = {"a flow": _flow, "a field": _field}
    exact, rough = networks[name](torch.float32), networks[name](dtype)
    assert (exact - rough).abs().mean() < 0.03 * exact.abs().mean()


def _flow(dtype: torch.dtype) -> Tensor:
    network = dit(PICTURE).to(dtype)
    return network(data("latents", 2, 13, 8), TIME, network.remember(data("context", 1, 5, 24).to(dtype)), guided=True).float()


def _field(dtype: torch.dtype) -> Tensor:
    return loaded(VecsetVAE(VAE)).to(dtype).field(data("latents", 2, 13, 8)[0])(data("points", 1, 40, 3)[0])
