"""Bytes cut into lines, whatever the pieces are."""

from __future__ import annotations

import pytest

from blender_img23d.process.lines import LineSplitter


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_do_not_depend_on_the_pieces(size: int) -> None:
    data = b"one\ntwo\r\n\n  \nthree\xff\n" + b"x" * 50 + b"\nunfinished"
    splitter = LineSplitter()
    lines = [line for start in range(0, len(data), size) for line in splitter.feed(data[start : start + size])]
    assert lines == [b"one", b"two\r", b"three\xff", b"x" * 50]


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_too_long_lines_are_dropped_and_not_kept(size: int, caplog: pytest.LogCaptureFixture) -> None:
    data = b"before\n" + b"L" * 100 + b"\nafter\n"
    splitter = LineSplitter(longest=10)
    lines = [line for start in range(0, len(data), size) for line in splitter.feed(data[start : start + size])]
    assert lines == [b"before", b"after"]
    assert len(caplog.records) == 1


def test_a_line_of_exactly_the_limit_passes() -> None:
    assert list(LineSplitter(longest=3).feed(b"abc\nabcd\n")) == [b"abc"]
