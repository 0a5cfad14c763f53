"""IS-Net, salient object segmentation: a trained network in the zip, which OpenCV runs on the processor.

Qin et al., Highly Accurate Dichotomous Image Segmentation, ECCV 2022 (github.com/xuebinqin/DIS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...stages import PlainMatter, Salience
    from .matte import IsNetMatter
    from .salience import IsNetSalience


def make_salience() -> IsNetSalience:
    """What stands out; the network is not read yet. One for all that look with it."""
    from .network import Network
    from .salience import IsNetSalience

    return IsNetSalience(Network())


def make_matter(salience: Salience, *, fallback: PlainMatter) -> IsNetMatter:
    """The matte stage; `fallback` does the work where the network is not in the zip, damaged, or too large for the memory."""
    from .matte import IsNetMatter

    return IsNetMatter(salience, fallback=fallback)
