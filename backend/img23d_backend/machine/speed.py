"""The estimated time for an object on a device, told before anything is run.

The work of the stages is counted from the published configurations; how fast the device multiplies
matrices is measured. The result is an "about": memory, drivers and other programs have their say, too.
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Protocol

from img23d_protocol.options.declare import label_of
from img23d_protocol.options.hunyuan3d import SHAPE_MODELS, SPEEDS
from img23d_protocol.options.settings import Settings

if TYPE_CHECKING:
    import torch
    from torch import Tensor

MEASURING = 0.1  # seconds
_SIDES = {"cpu": 1024}  # of the multiplied matrices: enough to fill the device
_CARD_SIDE = 4096
# Which share of the measured speed whole networks reach. A processor: DINOv2-giant, a step of the mini model and its decoder
# ran at 150 to 178 GFLOP/s where matrices multiply at 165. A card: SGLang reports 925 TFLOP in 2.61 s on an H100,
# which is half of what its matrices reach.
_REACHED = {"cpu": 0.9}
_REACHED_ON_CARD = 0.5

# TFLOP (1e12 multiplications and additions)
# 2 x parameters x some 1,500 tokens, and the vision encoder; LLMDet counted by torch at 800 x 1066
_LOCATE = {"qwen3-vl-2b": 8.0, "qwen3-vl-4b": 14.0, "qwen3-vl-8b": 25.0, "llmdet-tiny": 0.66}
_MATTE = {"birefnet-general": 2.3, "birefnet-lite": 0.5, "birefnet-hr": 9.2}  # about 1,140 GMAC at 1024 px, 4 times at 2048
_DINO = 3.57  # DINOv2-giant at 518 px
_STEP = {"hunyuan3d-2mini": 1.49, "hunyuan3d-2": 9.25, "hunyuan3d-2mv": 9.25}  # half a guided step, that is 149 and 925 TFLOP over 50
# Both halves, one of them collapsed: 1.83 is counted; the others by the share of the tokens that are left, 3,073 of 4,442
_GUIDED = {"hunyuan3d-2mini": 1.83, "hunyuan3d-2": 15.6, "hunyuan3d-2mv": 15.6}
_STEPS = {"turbo": 5, "fast": 50, "standard": 50}
# MFLOP a query of the decoder: 1,338 TFLOP over 57.1 M queries for 512 latents; 3,072 only cost more attention
_QUERY = {"hunyuan3d-2mini": 23.4, "hunyuan3d-2": 33.9, "hunyuan3d-2mv": 33.9}
_COARSE_QUERIES = 97**3  # of the decode, whatever the resolution
_SURFACE_QUERIES = 15.0  # a squared cell of resolution: 57.1 M / 18 at 384 (14 to 24 times fewer than dense)
# Painting, counted by torch from the configuration of Stable Diffusion 2.1 at 512 px, which the paint models are made of
_DELIGHT = 50 * 0.804 + 3.6  # 50 steps, and the VAE both ways
_PAINTED_STEP = {"hunyuan3d-paint-turbo": 10.4, "hunyuan3d-paint": 20.0}  # six views at once, the latter both halves
_PAINT_STEPS = {"hunyuan3d-paint-turbo": 10, "hunyuan3d-paint": 30}
_VIEWS_VAE = 13 * 1.12 + 6 * 2.51 + 0.8  # the picture and twelve maps in, six views out, and the picture read
_REST = 3.0  # seconds: reading, clean-up, texture, files


class Multiplier(Protocol):
    """What is asked of a device, see `devices.Device`; hashable, since each is measured once."""

    @property
    def kind(self) -> str: ...

    @property
    def torch_name(self) -> str: ...

    @property
    def dtype(self) -> torch.dtype: ...


def sentence(device: Multiplier, settings: Settings = Settings()) -> str:
    """Such as "About 6 minutes an object with Hunyuan3D 2 mini (Turbo)."; measures the device once a process."""
    seconds = seconds_an_object(settings, teraflops=speed(device) * _REACHED.get(device.kind, _REACHED_ON_CARD))
    return f"About {rounded(seconds)} an object with {_label(settings)}."


def seconds_an_object(settings: Settings, *, teraflops: float) -> float:
    """For a device that reaches so many TFLOP a second."""
    return _REST + work(settings) / teraflops


def work(settings: Settings) -> float:
    """TFLOP for one object, finding it in a photo of its own included."""
    shape, paint = settings.hunyuan3d.shape, settings.hunyuan3d.paint
    model = shape.shape_model
    step = _GUIDED if shape.speed == "standard" else _STEP
    steps = shape.steps or _STEPS[shape.speed]
    queries = _COARSE_QUERIES + _SURFACE_QUERIES * shape.octree_resolution**2
    painting = 0.0
    if paint.painter in _PAINTED_STEP:
        paint_steps = paint.paint_steps or _PAINT_STEPS[paint.painter]
        painting = _DELIGHT * paint.delight + _VIEWS_VAE + paint_steps * _PAINTED_STEP[paint.painter]
    finding = _LOCATE[settings.search.grounder] + _MATTE.get(settings.matte.matter, 0.0)
    shaping = _DINO + steps * step[model] + queries * _QUERY[model] / 1e6
    return finding + shaping + painting


@cache
def speed(device: Multiplier) -> float:
    """TFLOP a second of matrix products in the device's own precision, the best of some tries."""
    import torch

    side = _SIDES.get(device.kind, _CARD_SIDE)
    matrix = torch.full((side, side), 0.5 / side, device=device.torch_name, dtype=device.dtype)  # (side, side)
    _seconds_of_product(matrix)  # the first one loads the library
    best, until = float("inf"), time.perf_counter() + MEASURING
    while time.perf_counter() < until:
        best = min(best, _seconds_of_product(matrix))
    return 2 * side**3 / best / 1e12


def _seconds_of_product(matrix: Tensor) -> float:
    started = time.perf_counter()
    (matrix @ matrix)[0, 0].item()  # waits for the device
    return time.perf_counter() - started


def rounded(seconds: float) -> str:
    """Seconds below 90, then minutes, then hours; no more digits than are true."""
    if seconds < 90:
        count, unit = max(5, 5 * round(seconds / 5)), "seconds"
    elif seconds < 90 * 60:
        count, unit = round(seconds / 60), "minutes"
    else:
        count, unit = round(seconds / 3600), "hours"
    return f"{count} {unit}"


def _label(settings: Settings) -> str:
    shape = settings.hunyuan3d.shape
    return f"{label_of(SHAPE_MODELS, shape.shape_model)} ({label_of(SPEEDS, shape.speed)})"
