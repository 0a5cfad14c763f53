"""Bytes cut into lines, whatever the pieces are."""

from __future__ import annotations

import pytest

from blender_img23d.process.client import LineSplitter, LineTooLong


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_do_not_depend_on_the_pieces(size: int) -> None:
    data = b"one\ntwo\r\n\n  \nthree\xff\n" + b"x" * 50 + b"\nunfinished"
    splitter = LineSplitter()
    lines = [line for start in range(0, len(data), size) for line in splitter.feed(data[start : start + size])]
    assert lines == [b"one", b"two\r", b"three\xff", b"x" * 50]


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_a_line_that_is_too_long_ends_the_stream_after_what_was_sound(size: int) -> None:
    data = b"before\n" + b"L" * 100 + b"\nafter\n"
    splitter, lines = LineSplitter(longest=10), []
    with pytest.raises(LineTooLong, match="more than 10 bytes"):
        for start in range(0, len(data), size):
            lines += splitter.feed(data[start : start + size])
    assert size == 1000 or lines == [b"before"]


def test_a_line_of_exactly_the_limit_passes() -> None:
    assert list(LineSplitter(longest=3).feed(b"abc\n")) == [b"abc"]
    with pytest.raises(LineTooLong):
        list(LineSplitter(longest=3).feed(b"abcd\n"))
