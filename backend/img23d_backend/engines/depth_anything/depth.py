"""The depth map of a photo, and from it the ground.

The metric model and not the relative one: the relative one's inverse depth has an unknown shift, and the horizon, where the
inverse depth of the ground is zero, moves with it. The metric one's scale may be wrong without harm.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.options.camera import DEPTH_MODEL

from ...stages import Context, Ground, Origin, Photo, PixelBox
from .ground import fit_ground

if TYPE_CHECKING:
    import torch
    from transformers import DepthAnythingForDepthEstimation

    from ...machine.devices import Device
    from ...models.store import ModelStore
    from ...weights.store import WeightStore

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, sRGB 0..1
_PATCH = 14  # pixels
_SIDE = 518  # pixels of the shorter side, what the weights were trained at
_LONGEST = 2.0  # times the shorter side: more of a panorama is squeezed
_NUMBERS = 1500  # a pixel, held at the same time
_ON_PROCESSOR = "The graphics card has not enough memory to measure the photo's depth: the processor does it."


class DepthAnything:
    """Measures with the one file set there is, where it is downloaded."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models
        self._last: tuple[Origin, np.ndarray] | None = None  # of the photo that was measured last

    def distances(self, photo: Photo, context: Context) -> np.ndarray | None:
        """(h, w) float32 metres along the camera's axis, h x w as the network sees the photo; None where no model is downloaded.

        Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, OUT_OF_MEMORY).
        """
        if not self._weights.is_ready(DEPTH_MODEL):
            return None
        if self._last is None or self._last[0] is not photo.origin:
            context.report(0.0, "")
            self._last = photo.origin, self.depth(photo, context)
        return self._last[1]

    def ground(self, photo: Photo, boxes: Sequence[PixelBox], context: Context) -> Ground | None:
        """The plane that the things in the boxes stand on; None where none can be told, or no model is downloaded.

        Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, OUT_OF_MEMORY).
        """
        distances = self.distances(photo, context)
        return None if distances is None else fit_ground(distances, photo.width, photo.height, boxes)

    def depth(self, photo: Photo, context: Context) -> np.ndarray:
        """(h, w) float32 metres along the camera's axis, h x w as the network sees the photo."""
        from ...machine.devices import PROCESSOR, choose
        from ...models.oom_fallbacks import Attempt, with_less_memory

        folder = self._weights.path(DEPTH_MODEL)
        pixels = prepared(photo.rgb, input_side(folder))
        chosen, processor = choose(context.settings.machine.devices.matte), choose(PROCESSOR)
        attempts = [Attempt(run=partial(self._run, folder, pixels, chosen), note="")]
        if chosen != processor:
            attempts.append(Attempt(run=partial(self._run, folder, pixels, processor), note=_ON_PROCESSOR))
        return with_less_memory(attempts, context, self._models)

    def _run(self, folder: Path, pixels: torch.Tensor, device: Device) -> np.ndarray:
        import torch

        working = pixels.shape[-2] * pixels.shape[-1] * 4 * _NUMBERS
        with (
            self._models.on_device(DEPTH_MODEL, partial(load, folder), device, working_bytes=working) as network,
            torch.inference_mode(),
        ):
            seen = network(pixel_values=pixels.to(torch.device(device.torch_name)))
            return seen.predicted_depth[0].float().cpu().numpy()


def load(folder: Path) -> DepthAnythingForDepthEstimation:
    """The network on the CPU, in 32 bits: it is small, and 16 would round the distance. Raises Img23DError (WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""
    import torch
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation
    from transformers.utils.logging import disable_progress_bar

    from ...models.loading import require_all, unfit

    disable_progress_bar()  # it would draw into the log
    try:
        described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config = DepthAnythingConfig.from_dict(described | {"max_depth": round(described["max_depth"])})  # 20.0 is refused
        network, info = DepthAnythingForDepthEstimation.from_pretrained(
            folder, config=config, dtype=torch.float32, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except (KeyError, TypeError, StrictDataclassError) as error:
        raise unfit(f"{folder}: {type(error).__name__} {error}") from error
    except (OSError, ValueError, SafetensorError) as error:
        raise _damaged(folder, str(error)) from error
    require_all(info)
    return network.eval().requires_grad_(False)


def input_side(folder: Path) -> int:
    """Pixels of the shorter side that the network is shown, from the checkpoint's preprocessor_config.json."""
    try:
        size = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))["size"]["height"]
    except (OSError, ValueError, KeyError, TypeError):
        return _SIDE
    return size if isinstance(size, int) and size >= _PATCH else _SIDE


def prepared(rgb: np.ndarray, side: int) -> torch.Tensor:
    """(1, 3, h, w) float32, normalised; h and w are multiples of the patch. `rgb` is (H, W, 3) uint8."""
    import torch
    from torch.nn import functional

    height, width = rgb.shape[:2]
    scale = side / min(height, width)
    longest = _LONGEST * side
    size = tuple(max(1, round(min(length * scale, longest) / _PATCH)) * _PATCH for length in (height, width))
    picture = torch.tensor(rgb).permute(2, 0, 1)[None]  # (1, 3, H, W) uint8
    picture = functional.interpolate(picture, size=size, mode="bicubic", antialias=True)
    mean, deviation = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (_MEAN, _DEVIATION))
    return (picture.float() / 255 - mean) / deviation


def _damaged(folder: Path, detail: str) -> Img23DError:
    sentence = "The depth model cannot be loaded, its files are damaged: press Verify under AI Models."
    return Img23DError(ErrorCode.WEIGHTS_DAMAGED, sentence, f"{folder}: {detail}")
