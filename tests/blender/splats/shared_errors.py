"""What the artist reads where something is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import part


def sentence_of(act: Callable[[], object]) -> str:
    with pytest.raises(part("shared.img23d_protocol.errors").Img23DError) as caught:
        act()
    return caught.value.sentence
