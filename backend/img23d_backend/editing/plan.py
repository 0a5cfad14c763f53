"""How a model that edits pictures is brought onto its device, and the ways to do with less memory."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from ..machine.devices import bfloat16_or_half
from ..models.load_plan import LoadPlan, Network

if TYPE_CHECKING:
    import torch
    from torch import nn

# In memory at once in the decoder, of a pixel: 256 channels and their neighbours
VALUES_A_PIXEL = 1240
SMALLER = (
    "The graphics card's memory is short: only one of the networks that clean the picture is on it at a time.",
    "The graphics card's memory is short: the model that cleans the picture stays outside and is lent to it layer by layer, slower.",
    "The graphics card's memory is too small for the model that cleans the picture: the processor does it, very slowly.",
)
Read = Callable[["torch.dtype"], "nn.Module"]


@dataclass(frozen=True, kw_only=True)
class EditPlan(LoadPlan):
    """`set_id` is the model's file set; `eight_bits` keeps the weights of its large networks so."""

    set_id: str
    eight_bits: bool = False

    @property
    def dtype(self) -> torch.dtype:
        """These networks' numbers leave the range of float16."""
        return bfloat16_or_half(self.device)

    def large(self, name: str, read: Callable[..., nn.Module], kind: str = "") -> Network:
        """A network that may be kept in 8 bits; `kind` tells apart what else changes its weights."""
        dtype = self.dtype
        key = ":".join((self.set_id, name, str(dtype), *(["8"] if self.eight_bits else []), *([kind] if kind else [])))
        return Network(key=key, read=partial(read, dtype, eight_bits=self.eight_bits))


def import_classes(classes: Mapping[str, tuple[str, ...]]) -> None:
    """Classes by their libraries, in this thread, before another one reads ahead: these libraries import their parts when they are asked for, and
    two threads that ask at the same time find them half made.
    """
    for library, names in classes.items():
        attrgetter(*names)(importlib.import_module(library))
