"""The models in memory: built once, moved to where they are needed, and moved off again when another one needs the room.

A device's room is what is free now, asked each time: Blender and other programs take and give back as they like. What is
moved off stays in the machine's memory, so that a second run reads nothing from disk. Only when that is short, too, the
model that was not used for longest is dropped; it is built from its file again when it is wanted.
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..machine import memory
from ..machine.devices import MEMORY_RESERVE, Device, find_devices
from ..machine.memory_errors import DoesNotFit
from .group_offload import group_offloaded
from .offloadable import Offloadable

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

log = logging.getLogger(__name__)

Build = Callable[[], "Module"]

_LEFT_UNLOCKED = 0.25  # of the machine's memory that page-locking must leave available: it cannot be swapped out
# Of the machine's memory that must be available before a model is built for the processor: it computes in another precision
# than the files have, so the weights are not mapped but made anew, up to 9 GB of them.
_BUILDING = 1 / 3


class ModelStore:
    """Owned by the worker thread; only `prefetch` does its work in a thread of its own, one model after the other.

    `bytes_read` counts the weights that builds took from files, `seconds_moving` the time the worker spent building, waiting
    for what was read ahead, and moving. `available` tells the machine's free memory.
    """

    def __init__(self, available: Callable[[], int] = memory.available_bytes) -> None:
        self.bytes_read = 0
        self.seconds_moving = 0.0
        self._available = available
        self._models: dict[str, Offloadable] = {}  # the one used last stands last
        self._changing = threading.Lock()  # of the line above and of the counters
        self._pending: dict[str, Future[None]] = {}
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="weights")

    @contextmanager
    def on_device(self, key: str, build: Build, device: Device, *, working_bytes: int = 0, group_offload: bool = False) -> Iterator[Module]:
        """The model on the device while the block runs; it stays there until another one needs the room.

        `key` names all that changes the weights, `build` makes the model on the processor. `working_bytes` is the least
        that the block needs beside the weights. `group_offload` keeps the weights in main memory and copies each layer to the device's
        while it computes: slower, for models that do not fit. Raises DoesNotFit (a MemoryError) where a card has no room,
        torch's out of memory where that shows only while moving, and what `build` raises. Inside the block `torch` may
        raise anything: the store is in order afterwards.
        """
        started = time.perf_counter()
        model = self._built(key, build, device)
        try:
            if group_offload and not device.is_processor:
                model.offload()
                self._make_room(device, working_bytes)
                with group_offloaded(model.module, device, restore=model.offload):
                    self._count_moving(started)
                    yield model.module
            else:
                self._bring(model, device, working_bytes)
                self._count_moving(started)
                yield model.module
        finally:
            model.users -= 1

    def prefetch(self, key: str, build: Build) -> None:
        """Begins to build the model and to read its weights; returns at once.

        What fails here is tried again by `on_device`, which raises it: a failure is never older than the job that meets it.
        """
        pending = self._pending.get(key)
        if key not in self._models and (pending is None or pending.done()):
            self._pending[key] = self._reader.submit(self._read_ahead, key, build)

    def places(self) -> dict[str, str]:
        """Where each model's weights are: a device's id, or "" in the machine's memory only. The one used last is last."""
        return {key: model.device_id for key, model in self._models.items()}

    def free_devices(self) -> None:
        """Offloads everything that is not being computed with, and gives back what torch keeps for reuse."""
        for model in list(self._models.values()):
            if not model.users:
                model.offload()
        gc.collect()
        give_back()

    def unload(self) -> int:
        """Gives everything back, also in the machine's memory; returns bytes."""
        for future in self._pending.values():
            future.cancel()
        wait(self._pending.values())
        self._pending.clear()
        idle = [key for key, model in self._models.items() if not model.users]
        freed = sum(self._drop(key) for key in idle)
        gc.collect()
        give_back()
        return freed

    # --- building ---------------------------------------------------------------------------------------------------

    def _built(self, key: str, build: Build, device: Device) -> Offloadable:
        """The model, counted as used."""
        pending = self._pending.pop(key, None)
        if pending is not None:
            wait([pending])
        if key not in self._models:
            self._make_room_on_host(_bytes_to_build(device))
            self._build(key, build)
        with self._changing:
            model = self._models[key] = self._models.pop(key)
            model.users += 1
        return model

    def _build(self, key: str, build: Build) -> Offloadable:
        """Called by the worker and by the reader, for different keys."""
        import torch

        started = time.perf_counter()
        with torch.inference_mode(False):  # what is made inside of that mode can never be used outside of it
            model = Offloadable(build())
        with self._changing:
            self._models[key] = model
            self.bytes_read += model.size
        log.info("%s was built: %.2f GB in %.2f s", key, model.size / 1e9, time.perf_counter() - started)
        return model

    def _read_ahead(self, key: str, build: Build) -> None:
        """Leaves it to the worker where memory is short, since only the worker knows what may be dropped."""
        if self._available() >= MEMORY_RESERVE + _bytes_to_build(find_devices()[0]):
            self._build(key, build).touch()

    # --- moving -----------------------------------------------------------------------------------------------------

    def _bring(self, model: Offloadable, device: Device, working_bytes: int) -> None:
        is_there = device.is_processor or model.device_id == device.id
        self._make_room(device, working_bytes + (0 if is_there else model.size))
        if model.device_id != ("" if device.is_processor else device.id):
            model.move_to(device)

    def _make_room(self, device: Device, needed: int) -> None:
        """Moves off what was not used for longest, one by one. Raises DoesNotFit, before moving any, if all were too few."""
        if device.is_processor:
            self._make_room_on_host(needed)
            return
        idle = [model.size for model in self._models.values() if model.device_id == device.id and not model.users]
        free = device.free_bytes()
        if free + sum(idle) < needed:
            raise DoesNotFit(f"{needed / 1e9:.2f} GB are needed on {device.label}, {free / 1e9:.2f} GB are free")
        while device.free_bytes() < needed and (key := self._oldest(lambda model: model.device_id == device.id)):
            self._evict(key, device)

    def _evict(self, key: str, device: Device) -> None:
        model = self._models[key]
        log.info("%s leaves %s: %.2f GB", key, device.label, model.size / 1e9)
        model.offload()
        give_back()
        # It will come back, faster from page-locked memory. Copying there takes time, while others compute.
        if device.kind == "cuda" and not model.is_page_locked and key not in self._pending:
            self._pending[key] = self._reader.submit(self._lock_pages, key, model)

    def _lock_pages(self, key: str, model: Offloadable) -> None:
        left = self._available() - model.size
        if left < _LEFT_UNLOCKED * memory.total_bytes():
            return
        try:
            model.lock_pages(page_locked)
        except RuntimeError as error:  # drivers limit it; the weights then stay where they were
            log.info("%s is not page-locked: %s", key, error)

    def _make_room_on_host(self, needed: int) -> None:
        """Drops what was not used for longest. What is lacking then is for the system to find, or to refuse."""
        while self._available() < needed + MEMORY_RESERVE:
            key = self._oldest(lambda model: True)
            if key is None:
                return
            log.info("%s is dropped: memory is short", key)
            self._drop(key)
            gc.collect()
            give_back()

    def _oldest(self, may_go: Callable[[Offloadable], bool]) -> str | None:
        with self._changing:
            return next((key for key, model in self._models.items() if not model.users and may_go(model)), None)

    def _drop(self, key: str) -> int:
        with self._changing:
            model = self._models.pop(key)
        copies = 2 if model.device_id else 1
        model.offload()
        return copies * model.size

    def _count_moving(self, started: float) -> None:
        self.seconds_moving += time.perf_counter() - started


def _bytes_to_build(device: Device) -> int:
    return int(_BUILDING * memory.total_bytes()) if device.is_processor else 0


def give_back() -> None:
    """Back to the driver and the system what torch only keeps: Blender cannot use it."""
    import torch

    for kind in ("cuda", "xpu"):
        module = getattr(torch, kind, None)
        if module is not None and module.is_available() and module.is_initialized():
            module.empty_cache()
            _give_back_page_locked()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def _give_back_page_locked() -> None:
    import torch

    for name in ("_accelerator_emptyHostCache", "_host_emptyCache"):  # public only from torch 2.11 on
        if hasattr(torch._C, name):
            getattr(torch._C, name)()
            return


def page_locked(size: int) -> Tensor:
    """(size,) uint8 in memory that the system does not move, from where a card copies at full speed. Raises RuntimeError."""
    import torch

    return torch.empty(size, dtype=torch.uint8, pin_memory=True)
