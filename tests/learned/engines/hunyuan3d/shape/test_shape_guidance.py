"""The unconditional half as one token: exactly what 1,370 identical tokens give."""

from __future__ import annotations

import pytest
import torch
from shape_checkpoints import DIT, hy3dgen_importable, randomized
from torch import Tensor, nn

from img23d_backend.engines.hunyuan3d.networks.dit import Counted, ShapeDiT
from img23d_backend.engines.hunyuan3d.shape.sampling import null_context
from img23d_backend.models.key_logits import key_logits

TOKENS = 1370
EXACT = 1e-12


def _rms_norm(norm: nn.Module, x: Tensor) -> Tensor:
    """hy3dgen's, without its rounding to single precision on the way."""
    return x * torch.rsqrt((x**2).mean(dim=-1, keepdim=True) + 1e-6) * norm.scale


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> tuple[ShapeDiT, nn.Module]:
    """Our DiT and hy3dgen's with the same weights, in double precision throughout."""
    with hy3dgen_importable():
        from hy3dgen.shapegen.models import Hunyuan3DDiT

    ours = randomized(ShapeDiT(**DIT), deviation=0.3).double().eval()
    theirs = Hunyuan3DDiT(**DIT).double().eval()
    theirs.load_state_dict(ours.state_dict())
    monkeypatch.setattr(type(theirs.double_blocks[0].img_attn.norm.query_norm), "forward", _rms_norm)
    return ours, theirs


def test_one_counted_token_gives_what_all_of_them_give(both: tuple[ShapeDiT, nn.Module]) -> None:
    ours, theirs = both
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(2, 12, 8, generator=generator, dtype=torch.float64)
    context = torch.randn(2, TOKENS, 24, generator=generator, dtype=torch.float64)
    time = torch.tensor([0.3, 0.7], dtype=torch.float64)
    seen: list[Tensor] = []
    theirs.single_blocks[-1].register_forward_hook(lambda block, inputs, output: seen.append(output[:, :TOKENS]))
    with torch.inference_mode():
        full = theirs(latents, time, {"main": torch.zeros_like(context)})
        collapsed = ours(latents, time, null_context(context))
        uncounted = ours(latents, time, Counted(tokens=torch.zeros_like(context[:, :1])))
        guided = ours(latents, time, Counted(tokens=context))
        assert (guided - theirs(latents, time, {"main": context})).abs().max() <= EXACT
    assert (collapsed - full).abs().max() <= EXACT
    assert (uncounted - full).abs().max() > 1e-3  # the count matters here
    alike = seen[0]  # (2, 1370, 32) after the last block
    assert (alike - alike[:, :1]).abs().max() <= EXACT
    assert alike.abs().max() > 0.1


@pytest.mark.parametrize("times", [[0.3, 0.7], [0.4]], ids=["a time each", "one time"])
def test_both_halves_together_give_what_each_gives_by_itself(both: tuple[ShapeDiT, nn.Module], times: list[float]) -> None:
    ours, theirs = both
    generator = torch.Generator().manual_seed(1)
    latents = torch.randn(2, 12, 8, generator=generator, dtype=torch.float64)
    context = torch.randn(2, 40, 24, generator=generator, dtype=torch.float64)
    time = torch.tensor(times, dtype=torch.float64)
    with torch.inference_mode():
        guided, unguided = ours(latents, time, Counted(tokens=context), other=null_context(context))
        assert (guided - theirs(latents, time.expand(2), {"main": context})).abs().max() <= EXACT
        assert (unguided - theirs(latents, time.expand(2), {"main": torch.zeros_like(context)})).abs().max() <= EXACT
    assert (guided - unguided).abs().max() > 1e-3


@pytest.mark.parametrize(("dtype", "keys"), [(torch.float64, 1), (torch.float32, 1), (torch.float16, 2), (torch.bfloat16, 4)])
def test_keys_in_few_bits_still_weigh_the_whole_count(dtype: torch.dtype, keys: int) -> None:
    logits = key_logits(TOKENS, dtype)
    assert len(logits) <= keys
    assert torch.tensor(logits, dtype=torch.float64).exp().sum().item() == pytest.approx(TOKENS, rel=2e-5)
    assert torch.tensor(logits, dtype=dtype).tolist() == logits
