"""A model whose weights stay in main memory and are copied to a device for computing.

Weights never change here, so a device gets copies and the way back is a change of pointers: nothing is copied back, and
nothing is there twice in the machine's memory. A model that was built on a memory map stays on it: the system may take
such pages back when memory is short, where it would have to swap out any other.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from ..machine.devices import Device

# torch rounds a request for page-locked memory up to a power of two, so weights share blocks that are one.
BLOCK_BYTES = 2**28
_ALIGNMENT = 256  # bytes, as CUDA aligns


class Offloadable:
    """A built model. `size` is the bytes of its weights; `users` counts who computes with it now."""

    def __init__(self, module: Module) -> None:
        import itertools

        self.module = module
        self.device_id = ""  # "" on the host, in main memory
        self.users = 0
        self.was_evicted = False
        self.is_page_locked = False
        self._moving = threading.Lock()  # the thread that reads ahead may lock pages while the worker wants to move
        # Both are the same tensor at first; the second one keeps the host tensor when the first one points elsewhere.
        self._tensors = [(one, one.data) for one in itertools.chain(module.parameters(), module.buffers())]
        self.size = sum(host.nbytes for host in self._distinct())

    def move_to(self, device: Device) -> None:
        """Copies to a device; after a failure everything is in main memory. The processor computes there."""
        import torch

        with self._moving, torch.inference_mode(False):
            self._point_to_host()
            if device.is_processor:
                return
            copies = self._copies_on(device)  # may run out of memory, and then nothing points there yet
            for tensor, host in self._tensors:
                tensor.data = copies[_place(host)]
            self.device_id = device.id

    def offload(self) -> None:
        """Frees the copies on the device."""
        with self._moving:
            self._point_to_host()

    def touch(self) -> None:
        """Reads one byte of every page, so that what lies in a file is in memory before it is needed."""
        import torch

        for host in self._distinct():
            if host.is_contiguous():
                host.view(-1).view(torch.uint8)[:: mmap.PAGESIZE].sum()

    def lock_pages(self, allocate: Callable[[int], Tensor]) -> None:
        """Moves the weights to page-locked main memory, from where cards copy several times faster; `allocate` takes bytes.

        Weights larger than a block stay where they are. Raises RuntimeError where `allocate` does, and then nothing changed.
        """
        with self._moving:
            arena = _Arena(allocate)
            moved = {_place(host): arena.copy(host) for host in self._distinct() if host.nbytes <= BLOCK_BYTES}
            is_on_host = not self.device_id
            self._tensors = [(tensor, moved.get(_place(host), host)) for tensor, host in self._tensors]
            self.is_page_locked = True
            if is_on_host:
                self._point_to_host()

    def _copies_on(self, device: Device) -> dict[tuple[object, ...], Tensor]:
        import torch

        copies = {_place(host): host.to(device.torch_name, non_blocking=self.is_page_locked, copy=True) for host in self._distinct()}
        if self.is_page_locked and device.kind != "cpu":
            getattr(torch, device.kind).synchronize()
        return copies

    def _point_to_host(self) -> None:
        for tensor, host in self._tensors:
            tensor.data = host
        self.device_id = ""

    def _distinct(self) -> list[Tensor]:
        """Weights that are shared under several names, once."""
        return list({_place(host): host for _, host in self._tensors}.values())


class _Arena:
    """Places in blocks of memory, one tensor behind the other."""

    def __init__(self, allocate: Callable[[int], Tensor]) -> None:
        self._allocate = allocate
        self._block: Tensor | None = None
        self._used = 0

    def copy(self, tensor: Tensor) -> Tensor:
        """A contiguous copy, of the same shape and type, in this memory."""
        block = self._block
        if block is None or self._used + tensor.nbytes > BLOCK_BYTES:
            block, self._used = self._allocate(BLOCK_BYTES), 0
            self._block = block
        place = block[self._used : self._used + tensor.nbytes].view(tensor.dtype).view(tensor.shape)
        self._used += -(-tensor.nbytes // _ALIGNMENT) * _ALIGNMENT
        return place.copy_(tensor)


def _place(tensor: Tensor) -> tuple[object, ...]:
    """What tells a tensor's memory from another's."""
    return tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype
