"""Numbers that ran out of the range of half precision, which are infinite or none from there on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class OutOfRange(ArithmeticError):
    """Of a network's numbers; single precision may hold them."""


def in_range(numbers: Tensor, what: str) -> Tensor:
    """The same numbers. Raises OutOfRange."""
    if not bool(numbers.isfinite().all()):
        raise OutOfRange(f"{what}: {int((~numbers.isfinite()).sum())} of {numbers.numel()} numbers are not finite")
    return numbers
