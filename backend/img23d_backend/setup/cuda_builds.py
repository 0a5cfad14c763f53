"""Which of PyTorch's CUDA builds a machine's NVIDIA cards and driver can run, the best first.

Capabilities: the architectures that PyTorch publishes kernels for, by CUDA version (pytorch/pytorch, RELEASE.md and issues
172663, 190355). Drivers: the least that CUDA's minor version compatibility asks for (docs.nvidia.com/deploy/cuda-compatibility:
12.x from 525, 13.x from 580), the exact numbers from the release notes of CUDA 12.6 and 13.0.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from img23d_protocol import ErrorCode, Img23DError

from ..machine import nvidia
from ..machine.nvidia import Card

Version = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class CudaBuild:
    """`lowest` is the least compute capability that it has kernels for, `below` the first that it has none for."""

    tag: str
    lowest: tuple[int, int]
    below: tuple[int, int]
    linux: Version  # the least driver
    windows: Version

    def knows(self, card: Card) -> bool:
        """Also where the card's capability is unknown: then only a trial can tell."""
        return card.capability is None or self.lowest <= card.capability < self.below

    def runs_with(self, driver: Version) -> bool:
        return not driver or driver >= self.driver

    @property
    def driver(self) -> Version:
        return self.windows if sys.platform == "win32" else self.linux


_LATER = (99, 0)
# In the order of preference: CUDA 13.0 is what PyTorch calls stable for 2.13. 13.2 knows the same cards, is experimental there and
# published without checksums; the driver branch that it came with is 595.
BUILDS = (
    CudaBuild(tag="cu130", lowest=(7, 5), below=_LATER, linux=(580, 65, 6), windows=(580,)),
    CudaBuild(tag="cu126", lowest=(5, 0), below=(10, 0), linux=(525, 60, 13), windows=(528, 33)),
    CudaBuild(tag="cu132", lowest=(7, 5), below=_LATER, linux=(595,), windows=(595,)),
)


def cuda_builds(cards: Sequence[Card], driver: Version, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The tags of the builds that may work, the best first; empty where no build knows the card that will be used.

    `cards` are in the order of the PCI bus. Builds that run every card go before those that only run the first one.
    Raises Img23DError(DRIVER_TOO_OLD) where a newer driver is all that lacks.
    """
    used = visible(cards, environment) or [Card(name="", uuid="", total_bytes=0)]
    known = [card for card in used if any(build.knows(card) for build in BUILDS)]
    if not known:
        return ()
    knowing = [build for build in BUILDS if build.knows(known[0])]
    running = [build for build in knowing if build.runs_with(driver)]
    if not running:
        raise _driver_too_old(known[0], driver, min(build.driver for build in knowing))
    ranked = sorted(running, key=lambda build: not all(build.knows(card) for card in known))
    return tuple(build.tag for build in ranked)


def visible(cards: Sequence[Card], environment: Mapping[str, str]) -> list[Card]:
    """The cards that torch will see, in its order: CUDA puts the fastest first unless it is told to take the bus's order."""
    ordered = list(cards)
    if environment.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
        ordered.sort(key=lambda card: (card.capability or (0, 0), card.total_bytes), reverse=True)
    named = environment.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return ordered
    chosen = (_named(ordered, name.strip()) for name in named.split(","))
    return [card for card in chosen if card is not None]


def _named(cards: Sequence[Card], name: str) -> Card | None:
    """By its place or the beginning of its UUID."""
    if name.isdecimal():
        return cards[int(name)] if int(name) < len(cards) else None
    return next((card for card in cards if name and card.uuid.startswith(name)), None)


def _driver_too_old(card: Card, driver: Version, needed: Version) -> Img23DError:
    sentence = (
        f"{f'The {card.name}' if card.name else 'The NVIDIA card'} needs NVIDIA's driver {needed[0]} or newer, and "
        f"{'.'.join(f'{part:02}' for part in driver)} is installed: update the driver first, then set up again, or choose Processor Only."
    )
    return Img23DError(ErrorCode.DRIVER_TOO_OLD, sentence, f"{card}, driver {driver}")


def found_builds() -> tuple[str, ...]:
    """The same for this machine. Raises Img23DError(DRIVER_TOO_OLD)."""
    return cuda_builds(nvidia.cards(), nvidia.driver_version())
