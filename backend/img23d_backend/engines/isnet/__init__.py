"""IS-Net cuts out what stands out in a photo: a trained network in the zip, which OpenCV runs on the processor.

Qin et al., Highly Accurate Dichotomous Image Segmentation, ECCV 2022 (github.com/xuebinqin/DIS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...stages import Matter
    from .matte import IsNetMatter
    from .network import Network


def make_network() -> Network:
    """The network, not read yet; one for all that look with it."""
    from .network import Network

    return Network()


def make_matter(network: Network, *, fallback: Matter) -> IsNetMatter:
    """The matte stage; `fallback` does the work where the network is not in the zip, damaged, or too large for the memory."""
    from .matte import IsNetMatter

    return IsNetMatter(network, fallback=fallback)
