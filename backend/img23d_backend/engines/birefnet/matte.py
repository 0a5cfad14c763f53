"""Cutting one thing out of its photo with BiRefNet."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings
from img23d_protocol.options.matte import BUILT_IN_MATTE

from ...cutouts.framing import bounds_of, framed, view
from ...cutouts.surroundings import own_part, surroundings
from ...stages import Context, CutOut, Found, Matter, Photo
from .inference import STRIDE, input_side, load, matte, working_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...machine.devices import Device
    from ...models.store import ModelStore
    from ...weights.store import WeightStore
    from .networks.birefnet import BiRefNet

_SMALLER = 0.75  # of the side, where memory is short: half of it suffices then, and the published weights still work well
_LARGEST = 2  # a thing is shown at most that many times enlarged where there is more photo to see
_LOADED, _MATTED = 0.1, 0.9  # fractions of the stage
_LESS = "There is not enough memory for the finest cut-outs: they are made at {side} pixels."
_INSTEAD = "Until then the cut-outs that come with Img23D are used."
_ON_PROCESSOR = "The graphics card has not enough memory for the cut-outs: the processor makes them, which takes longer."


class BiRefNetMatter:
    """Mattes with the file set that the settings name."""

    def __init__(self, weights: WeightStore, models: ModelStore, *, fallback: Matter) -> None:
        self._weights = weights
        self._models = models
        self._fallback = fallback

    def cut_out(self, photo: Photo, found: Found, context: Context) -> CutOut:
        """Cut one thing out. Raises Img23DError(EMPTY_CUTOUT, WEIGHTS_DAMAGED, OUT_OF_MEMORY)."""
        set_id = context.settings.matte.matter
        if set_id == BUILT_IN_MATTE or self._is_missing(set_id, context):
            return self._fallback.cut_out(photo, found, context)
        context.report(0.0, "")
        if photo.alpha is not None:
            window = surroundings(photo, found.box, 0)
            alpha = view(photo.alpha, window).astype(np.float32) / 255
        else:
            side = input_side(self._weights.path(set_id), set_id)
            window = surroundings(photo, found.box, side // _LARGEST)
            alpha = self._alpha(set_id, view(photo.rgb, window), side, context)
        context.report(_MATTED, "")
        alpha = own_part(alpha, found, window)
        return framed(view(photo.rgb, window), alpha, bounds_of(alpha, found.name), window)

    def prefetch(self, settings: Settings) -> None:
        """Begin to read the weights that `cut_out` will need; what is wrong with them is told there."""
        from ...machine.devices import choose

        set_id = settings.matte.matter
        if set_id == BUILT_IN_MATTE:
            return
        with contextlib.suppress(Img23DError):
            device = choose(settings.machine.devices.matte)
            self._models.prefetch(_key(set_id, device), self._builder(set_id, device))

    def _is_missing(self, set_id: str, context: Context) -> bool:
        """Whether it is not downloaded, which is told. One that is damaged is not replaced without being asked."""
        try:
            self._weights.path(set_id)
        except Img23DError as error:
            if error.code is not ErrorCode.WEIGHTS_MISSING:
                raise
            context.notify(f"{error.sentence} {_INSTEAD}")
            return True
        return False

    def _alpha(self, set_id: str, rgb: np.ndarray, side: int, context: Context) -> np.ndarray:
        """(h, w) float32 0..1 of `rgb` (h, w, 3) uint8; smaller, then on the processor, where the memory does not suffice."""
        from ...machine.devices import PROCESSOR, choose
        from ...models.oom_fallbacks import Attempt, with_less_memory

        chosen, processor = choose(context.settings.machine.devices.matte), choose(PROCESSOR)
        smaller = round(_SMALLER * side / STRIDE) * STRIDE
        attempts = [
            Attempt(run=partial(self._run, set_id, chosen, rgb, side, context), note=""),
            Attempt(run=partial(self._run, set_id, chosen, rgb, smaller, context), note=_LESS.format(side=smaller)),
        ]
        if chosen != processor:
            attempts.append(Attempt(run=partial(self._run, set_id, processor, rgb, side, context), note=_ON_PROCESSOR))
        return with_less_memory(attempts, context, self._models)

    def _run(self, set_id: str, device: Device, rgb: np.ndarray, side: int, context: Context) -> np.ndarray:
        def report(share: float) -> None:
            context.report(_LOADED + (_MATTED - _LOADED) * share, "")

        working = working_bytes(side, device.dtype.itemsize)
        key, build = _key(set_id, device), self._builder(set_id, device)
        with self._models.on_device(key, build, device, working_bytes=working) as network:
            report(0.0)
            return matte(network, rgb, side, report)

    def _builder(self, set_id: str, device: Device) -> Callable[[], BiRefNet]:
        return lambda: load(self._weights.path(set_id), device.dtype)


def _key(set_id: str, device: Device) -> str:
    return f"{set_id}:{device.dtype}"
