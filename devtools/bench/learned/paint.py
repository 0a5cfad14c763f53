"""The painter's networks against hy3dgen's own path, in one run, with random weights: the guided step, the memory, and on a
graphics card all six views.

Runs in the learned environment, on the processor or with --gpu on the first graphics card:

    python -m devtools.bench.learned.paint OUT.json [--gpu]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..rows import Row, row
from ..timing import RUNS
from . import full_size

if TYPE_CHECKING:
    import torch
    from hy3dgen_paint import PartsInMemory
    from torch import Tensor, nn

    from img23d_backend.machine.devices import Device

_GUIDANCE, _SEED = 2.0, 0
_ON_CARD = 5.5e9  # bytes that ours may take of a card
_MILLION = 1 << 20  # the same random numbers again and again, which is faster than new ones


@dataclass(frozen=True, kw_only=True)
class Size:
    """Of the networks and the pictures. `vae` are its widths."""

    unet: dict
    vae: tuple[int, ...]
    vae_layers: int
    vae_groups: int
    side: int
    steps: int
    views: int = 6

    @property
    def cells(self) -> int:
        """Latents a side."""
        return self.side >> (len(self.vae) - 1)


_PUBLISHED = {
    "sample_size": 64, "in_channels": 4, "out_channels": 4, "block_out_channels": [320, 640, 1280, 1280],
    "layers_per_block": 2, "attention_head_dim": [5, 10, 20, 20], "cross_attention_dim": 1024, "use_linear_projection": True,
    "down_block_types": ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"], "time_embedding_dim": 1280,
    "up_block_types": ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3,
}  # fmt: skip  # Stable Diffusion 2.1's, which the painter is made from
FULL = Size(unet=_PUBLISHED, vae=(128, 256, 512, 512), vae_layers=2, vae_groups=32, side=512, steps=30)
_NARROW = {"block_out_channels": [64, 128, 256, 256], "attention_head_dim": [1, 2, 4, 4]}
REDUCED = Size(unet=_PUBLISHED | _NARROW, vae=FULL.vae, vae_layers=2, vae_groups=32, side=256, steps=30)


def measure(out: Path, *, gpu: bool) -> None:
    full_size.use_the_projects_code()
    from img23d_backend.machine.devices import PROCESSOR, choose, find_devices

    if not gpu:
        rows = [*work(FULL), *held(FULL), *guided_step(REDUCED, choose(PROCESSOR))]
    elif (card := find_devices()[0]).kind == "cuda":
        rows = [*work(FULL), *held(FULL), *guided_step(FULL, card), *all_views(FULL, card)]
    else:
        rows = [row("painting on a graphics card: not run, there is none", None, None)]
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def work(size: Size) -> list[Row]:
    """Counted, not timed: nothing is computed on torch's meta device."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"), torch.no_grad():
        step = _GuidedStep.of(_networks(size), size, torch.device("meta"), torch.float32)
        with FlopCounterMode(display=False) as mine:
            step.ours()
        with FlopCounterMode(display=False) as other:
            step.theirs()
    flops = mine.get_total_flops() / 1e12, other.get_total_flops() / 1e12
    return [row(f"a guided step of {_words(size)}: TFLOP", *flops)]


def held(size: Size) -> list[Row]:
    """What lies in memory while the steps are made, in half precision."""
    import torch

    with torch.device("meta"), torch.no_grad():
        parts = _networks(size)
        generating, reading = parts.multiview_unet(torch.float16), parts.reference_unet(torch.float16)
        keys = generating.attend_to(reading(torch.empty(1, 4, size.cells, size.cells)))
    what = f"held during the steps of {_words(size)}, half precision, bytes"
    return [
        row(f"{what}: weights", 2 * _count(generating), 2 * _count(parts.theirs)),
        row(f"{what}: keys and values of the picture", 2 * sum(one.keys.numel() + one.values.numel() for one in keys), None),
    ]


def guided_step(size: Size, device: Device) -> list[Row]:
    """hy3dgen's network reads the picture again at each step, and both halves in full."""
    import torch

    with torch.inference_mode():
        step = _GuidedStep.of(_networks(size, device), size, torch.device(device.torch_name), device.dtype)
        mine, other = _alternating(step.ours, step.theirs, device)
    seconds = "seconds of all threads" if device.is_processor else "seconds"
    return [row(f"a guided step of {_words(size)}, {device.dtype}, on {device.label}: {seconds}", mine, other)]


def all_views(size: Size, device: Device) -> list[Row]:
    """Picture and maps to views, all steps, on a card of which ours may take 5.5 GB and hy3dgen's what it wants."""
    from hy3dgen_paint import paint_theirs, plan_with, random_maps, their_pipeline

    from img23d_backend.engines.hunyuan3d.paint.multiview import paint_views
    from img23d_backend.models.store import ModelStore

    parts, maps = _networks(size, device), random_maps(size.side, size.views)
    picture, store = maps.normals[0], ModelStore()
    plan = plan_with(parts, device=_small_card(device), steps=size.steps, guidance=_GUIDANCE)
    cameras = tuple(range(size.views))

    def ours() -> None:
        paint_views(picture, maps, cameras, plan=plan, models=store, seed=_SEED, report=lambda *_: None)

    mine, my_peak = _repeated(ours, device)
    store.unload()
    pipeline = their_pipeline(parts).to(device.torch_name)
    settings = {"num_inference_steps": size.steps, "guidance_scale": _GUIDANCE}
    other, their_peak = _repeated(lambda: paint_theirs(pipeline, picture, maps, seed=_SEED, **settings), device)
    what = f"{size.views} views by {_words(size)}, {size.steps} steps, {device.dtype}, on {device.label}"
    rows = [row(f"{what}: seconds", mine, other, "≥ 1.3x")]
    if device.kind == "cuda":
        rows.append(row(f"{what}: peak of the card's memory, bytes", my_peak, their_peak))
        rows.append(row(f"{what}: peak of the card's memory, ours, bytes", my_peak, None, "≤ 5.5 GB"))
    return rows


# --- the networks ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _GuidedStep:
    """The same step both ways. Views (1, V, 12, h, w): noise, normals, positions; the picture (1, 1, 4, h, w)."""

    generating: nn.Module
    keys: tuple
    network: nn.Module
    views: Tensor
    picture: Tensor
    cameras: Tensor
    time: Tensor

    @staticmethod
    def of(parts: PartsInMemory, size: Size, device: torch.device, dtype: torch.dtype) -> _GuidedStep:
        import torch

        generating, reading = (half.to(device) for half in (parts.multiview_unet(dtype), parts.reference_unet(dtype)))
        picture = torch.randn(1, 1, 4, size.cells, size.cells, device=device, dtype=dtype)
        return _GuidedStep(
            generating=generating,
            keys=generating.attend_to(reading(picture[0])),
            network=parts.theirs.to(device),
            views=torch.randn(1, size.views, 12, size.cells, size.cells, device=device, dtype=dtype),
            picture=picture,
            cameras=torch.arange(size.views, device=device),
            time=torch.tensor(500.0, device="cpu"),
        )

    def ours(self) -> None:
        from img23d_backend.engines.hunyuan3d.networks.multiview import Conditions

        count = len(self.cameras)
        conditions = Conditions(views=count, reference=self.keys, unguided=count)
        self.generating(self.views[0].repeat(2, 1, 1, 1), self.time, self.cameras.repeat(2), conditions)

    def theirs(self) -> None:
        import torch

        noise, normals, positions = self.views.repeat(2, 1, 1, 1, 1).chunk(3, dim=2)
        prompt = self.network.unet.learned_text_clip_gen
        self.network(
            noise,
            self.time,
            torch.cat([torch.zeros_like(prompt), prompt]),
            normal_imgs=normals,
            position_imgs=positions,
            camera_info_gen=self.cameras.repeat(2, 1),
            camera_info_ref=torch.zeros(2, 1, dtype=torch.int64, device=noise.device),
            ref_latents=torch.cat([torch.zeros_like(self.picture), self.picture]),
            ref_scale=torch.tensor([0.0, 1.0], device=noise.device, dtype=noise.dtype),
        )


def _networks(size: Size, device: Device | None = None) -> PartsInMemory:
    """On the processor in the device's precision with random weights, or without a device on torch's meta device."""
    import torch
    from hy3dgen_paint import PartsInMemory, random_vae, their_network

    with torch.device("meta"):
        theirs = their_network(size.unet)
        vae = random_vae(size.vae, layers=size.vae_layers, groups=size.vae_groups)
    if device is not None:
        theirs, vae = (_filled(network, device.dtype) for network in (theirs, vae))
    return PartsInMemory(theirs=theirs, config=size.unet, vae=vae)


def _filled(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    import torch

    random = (torch.randn(_MILLION, generator=torch.Generator().manual_seed(0)) * full_size.DEVIATION).to(dtype)
    tensors = {}
    for key, empty in network.state_dict().items():
        count = empty.numel()
        around = 1.0 if "norm" in key and key.endswith("weight") else 0.0
        values = random if count <= _MILLION else random.repeat(-(-count // _MILLION))
        tensors[key] = values[:count].reshape(empty.shape) + around
    network.load_state_dict(tensors, assign=True)
    return network.requires_grad_(False)


def _small_card(device: Device) -> Device:
    """The same device with so much less free memory that models give way to each other as on a card of 6 GB."""
    from img23d_backend.machine.devices import Device

    class SmallCard(Device):
        dtype = device.dtype

        def free_bytes(self) -> int:
            import torch

            taken = torch.cuda.memory_allocated(self.torch_name) if self.kind == "cuda" else 0
            return min(device.free_bytes(), int(_ON_CARD) - taken)

    return SmallCard(id=device.id, torch_name=device.torch_name, label=device.label, total_bytes=device.total_bytes)


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _words(size: Size) -> str:
    width = size.unet["block_out_channels"][0]
    published = "the published size" if size.unet == _PUBLISHED else f"a network {width} wide instead of 320"
    return f"{published} at {size.side} pixels"


# --- measuring ---------------------------------------------------------------------------------------------------------


def _alternating(first: Callable[[], None], second: Callable[[], None], device: Device) -> tuple[list[float], list[float]]:
    """Some runs each, in turn, so that what else the machine does meets both. The first of each, which fetches memory, is not kept."""
    first(), second()
    times = [(_seconds(first, device), _seconds(second, device)) for _ in range(RUNS)]
    return [one for one, _ in times], [other for _, other in times]


def _repeated(work: Callable[[], object], device: Device) -> tuple[list[float], int]:
    """Seconds of some runs after a first one, and the peak of all in bytes of a card (0 on a processor)."""
    import torch

    if device.kind == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device.torch_name)
    work()
    seconds = [_seconds(work, device) for _ in range(RUNS)]
    return seconds, torch.cuda.max_memory_allocated(device.torch_name) if device.kind == "cuda" else 0


def _seconds(work: Callable[[], object], device: Device) -> float:
    """On a processor those of all its threads together, whatever else it does meanwhile."""
    import torch

    clock = time.process_time if device.is_processor else time.perf_counter
    started = clock()
    work()
    if device.kind == "cuda":
        torch.cuda.synchronize(device.torch_name)
    return clock() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--gpu", action="store_true")
    options = parser.parse_args()
    measure(options.out, gpu=options.gpu)
