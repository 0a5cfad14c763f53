"""Streamed weights: the same result, every layer's weights at home again afterwards, whatever happened in between.

On one device nothing is saved: these tests hold the machinery (hooks on, hooks off, weights back), not the memory of a card.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from img23d_backend.machine.devices import Device
from img23d_backend.models.store import ModelStore

CARD = Device(id="gpu", torch_name="cpu", label="a card", total_bytes=10**12)


class Block(nn.Module):
    """As in a diffusion transformer: a parameter of its own beside its layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first, self.second = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.scale = nn.Parameter(torch.full((width,), 0.5))

    def forward(self, x: Tensor, *, gain: float = 1.0) -> Tensor:
        return x + gain * self.scale * self.second(nn.functional.gelu(self.first(self.norm(x))))


class Stack(nn.Module):
    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.ones(1, width))
        self.register_buffer("shift", torch.full((width,), 0.25))
        self.blocks = nn.ModuleList(Block(width) for _ in range(4))
        self.fails = False

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.token + self.shift
        for block in self.blocks:
            x = block(x, gain=0.5)
            if self.fails:
                raise RuntimeError("CUDA out of memory.")
        return x


def build() -> nn.Module:
    torch.manual_seed(1)
    return Stack().eval().requires_grad_(False)


def tensors(model: nn.Module) -> dict[str, int]:
    return {name: tensor.data_ptr() for name, tensor in model.state_dict().items()}


@pytest.fixture
def copying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every move makes a copy, as it does between a card and the machine's memory."""
    real = Tensor.to
    monkeypatch.setattr(Tensor, "to", lambda tensor, *args, **kwargs: real(tensor, *args, **kwargs).clone())


@pytest.fixture
def store() -> ModelStore:
    return ModelStore(available=lambda: 10**12)


@pytest.mark.usefixtures("copying")
def test_the_result_is_the_same_and_the_weights_are_at_home_again(store: ModelStore) -> None:
    x = torch.linspace(-1, 1, 64).view(2, 32)
    with store.on_device("dit", build, CARD) as model:
        expected, forward = model(x), model.forward
    store.free_devices()
    home = tensors(model)
    for _ in range(2):
        with torch.inference_mode(), store.on_device("dit", build, CARD, group_offload=True) as model:
            assert len(_hooks(model)) >= 9  # every linear layer, and the parents of other weights
            assert torch.equal(model(x), expected)
            assert torch.equal(model.blocks[0](x), model.blocks[0](x))  # a part by itself, too
        assert tensors(model) == home and store.places() == {"dit": ""}
        assert model.forward == forward and not _hooks(model)


@pytest.mark.usefixtures("copying")
def test_a_failure_in_the_middle_leaves_no_hook_and_no_copy(store: ModelStore) -> None:
    with store.on_device("dit", build, Device(id="cpu", torch_name="cpu", label="", total_bytes=0)) as model:
        home = tensors(model)
    with store.on_device("dit", build, CARD, group_offload=True) as model:
        assert tensors(model) != home
        model.fails = True
        with pytest.raises(RuntimeError):
            model(torch.ones(1, 32))
    model.fails = False
    assert tensors(model) == home and not _hooks(model)
    with store.on_device("dit", build, CARD) as model:
        model(torch.ones(1, 32))


def test_a_streamed_model_needs_room_for_its_work_only(store: ModelStore) -> None:
    class Small(Device):
        def free_bytes(self) -> int:
            return 1000

    card = Small(id="gpu", torch_name="cpu", label="a small card", total_bytes=1000)
    with pytest.raises(MemoryError), store.on_device("dit", build, card):
        pass
    with store.on_device("dit", build, card, group_offload=True, working_bytes=500) as model:
        model(torch.ones(1, 32))


def test_a_language_model_streams() -> None:
    """transformers' own classes: nested stacks, tied embeddings, buffers, keyword arguments."""
    from transformers import LlamaConfig, LlamaForCausalLM

    def language_model() -> nn.Module:
        torch.manual_seed(1)
        config = LlamaConfig(
            vocab_size=64,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            tie_word_embeddings=True,
        )
        return LlamaForCausalLM(config).eval().requires_grad_(False)

    store, words = ModelStore(available=lambda: 10**12), torch.tensor([[1, 5, 9]])
    options = {"max_new_tokens": 6, "do_sample": False, "pad_token_id": 0}
    with store.on_device("words", language_model, CARD) as model:
        expected = model.generate(words, **options)
    with store.on_device("words", language_model, CARD, group_offload=True) as model:
        assert torch.equal(model.generate(words, **options), expected)
    assert model.lm_head.weight is model.model.embed_tokens.weight


def test_the_shape_models_networks_stream(tmp_path: Path, store: ModelStore) -> None:
    """hy3dgen's stacks and our way through them, which calls parts of them by themselves."""
    from shape_desk import SETTINGS, make_models, thing

    from img23d_backend.engines.hunyuan3d.shape.latents import Framed, sample_latents
    from img23d_backend.engines.hunyuan3d.shape.plan import make_shape_plan
    from img23d_backend.fields.latent_field import sample_latents_field
    from img23d_backend.weights.store import WeightStore

    class Float32Card(Device):
        dtype = torch.float32

    card = Float32Card(id="gpu", torch_name="cpu", label="a card", total_bytes=10**12)
    usual = replace(make_shape_plan(SETTINGS, WeightStore(make_models(tmp_path, "random")), at_once=1), device=card)
    results = []
    for plan in (usual, replace(usual, group_offload=True)):
        picture = plan.config.framing.picture(thing().rgba)
        (latents,) = sample_latents([Framed(pictures=picture[None])], [1], plan, store, lambda *_: None)
        results.append((latents, torch.from_numpy(sample_latents_field(latents, plan.decoder, plan.octree_resolution, plan, store, lambda *_: None).values)))
    assert set(store.places().values()) == {""}
    assert all(map(torch.equal, *results))


def _hooks(model: nn.Module) -> list[str]:
    registries = (getattr(one, "_diffusers_hook", None) for one in model.modules())
    return [name for registry in registries if registry is not None for name in registry.hooks]
