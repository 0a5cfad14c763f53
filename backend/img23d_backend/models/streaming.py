"""A model larger than its device: each layer's weights are there only while it computes (diffusers' group offload)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.nn import Module

    from .devices import Device

# The names that diffusers.hooks.group_offloading registers its hooks under; it has no public way to take them off.
_HOOKS = ("layer_execution_tracker", "lazy_prefetch_group_offloading", "group_offloading")


@contextmanager
def streaming(module: Module, device: Device, *, restore: Callable[[], None]) -> Iterator[None]:
    """While the block runs, `module` computes on `device` with its weights at home, leaf by leaf.

    Layers must be called, not only their weights read. On CUDA the next layer's weights are copied while one computes.
    `restore` points the weights home again: without a second stream the hooks leave copies behind.
    """
    import torch
    from diffusers.hooks import apply_group_offloading
    from diffusers.hooks.hooks import HookRegistry

    overlaps = device.kind == "cuda"
    try:
        apply_group_offloading(
            module,
            onload_device=torch.device(device.torch_name),
            offload_device=torch.device("cpu"),
            offload_type="leaf_level",
            use_stream=overlaps,
            low_cpu_mem_usage=overlaps,  # page-locks a layer at a time, unless the home is page-locked already
        )
        yield
    finally:
        registry = HookRegistry.check_if_exists_or_initialize(module)
        for name in _HOOKS:
            registry.remove_hook(name, recurse=True)
        restore()
