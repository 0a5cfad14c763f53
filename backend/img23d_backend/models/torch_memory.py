"""The memory that torch keeps for reuse, on cards and page-locked, and how to get some of the second kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


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
