"""Names as artists type and paste them."""

from __future__ import annotations

import pytest

from img23d_protocol.typed_names import split_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cup, spoon", ("cup", "spoon")),
        ("cup\nspoon\r\nfork,,  ,knife", ("cup", "spoon", "fork", "knife")),
        ("cup, cup", ("cup", "cup")),
        ("", ()),
        (' , "" ,\n', ()),
        ('"mug, red", spoon', ("mug, red", "spoon")),
        ("'mug, red' ,spoon", ("mug, red", "spoon")),
        ("“mug, red”，spoon、fork", ("mug, red", "spoon", "fork")),
        ('"she said ""hi, you""", x', ('she said "hi, you"', "x")),
        ("12\" plate, kid's cup", ('12" plate', "kid's cup")),
        ('"mug, red\nspoon', ('"mug', "red", "spoon")),  # a forgotten quote harms its own line only
        ("red \t mug\x00", ("red mug",)),
        ("чашка, 👩‍🚀 rocket, a/b\\c", ("чашка", "👩‍🚀 rocket", "a/b\\c")),
        ("cup\udc80", ("cup?",)),
    ],
)
def test_split_names(text: str, names: tuple[str, ...]) -> None:
    assert split_names(text) == names


def test_many_quotes_take_no_time() -> None:
    assert len(split_names(',"a' * 20_000)) == 20_000
