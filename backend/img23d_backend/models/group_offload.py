"""A model larger than its device: each layer's weights are there only while it computes (diffusers' group offload)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.nn import Module

    from ..machine.devices import Device

# The names that diffusers.hooks.group_offloading registers its hooks under; it has no public way to take them off.
_HOOKS = ("layer_execution_tracker", "lazy_prefetch_group_offloading", "group_offloading")


_GROUP_HOOK = _HOOKS[-1]


@contextmanager
def group_offloaded(module: Module, device: Device, *, restore: Callable[[], None]) -> Iterator[None]:
    """While the block runs, `module` computes on `device` with its weights in main memory, module by module.

    Layers must be called, not only their weights read. On CUDA the next layer's weights are copied while one computes.
    `restore` points the weights to main memory again: without a second stream the hooks leave copies behind.
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
            low_cpu_mem_usage=overlaps,  # page-locks a layer at a time, unless the host tensors are already
        )
        _wait_for_the_root(module)
        yield
    finally:
        registry = HookRegistry.check_if_exists_or_initialize(module)
        for name in _HOOKS:
            registry.remove_hook(name, recurse=True)
        restore()


def _wait_for_the_root(module: Module) -> None:
    """The root's own parameters are copied at once in each pass: they are small, and used before the first layer runs.

    In its first pass diffusers (0.42.1, LazyPrefetchGroupOffloadingHook) waits for the copies of each layer but of the root, whose name
    is empty; a computation on the other stream would then read what has not come.
    """
    from diffusers.hooks.hooks import HookRegistry

    hook = HookRegistry.check_if_exists_or_initialize(module).get_hook(_GROUP_HOOK)
    if hook is not None:
        hook.group.non_blocking = False
