"""A request that cannot be sent is refused at once, and the next one runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_link import HELLO, Rig, make_request

from blender_img23d.core.states import SessionState
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError, encode
from blender_img23d.shared.img23d_protocol.messages import Box, Generate, Stroke, ToBackend, Wanted

LARGEST = 16 * 1024 * 1024  # bytes of a line that the backend reads


class Strict:
    """A link that writes what it is sent, as the real one does."""

    def __init__(self, rig: Rig) -> None:
        rig.link.send = self.send  # type: ignore[method-assign]
        self.lines: list[str] = []

    def send(self, message: ToBackend) -> None:
        self.lines.append(encode(message))


def with_wanted(wanted: Wanted) -> Generate:
    return replace(make_request(), wanted=(wanted,))


def long_way(points: int) -> tuple[float, ...]:
    return tuple(0.123456789 + n * 1e-9 for n in range(points))


LONG_WAY = long_way(600_000)
UNSENDABLE = {
    "a height that is no number": with_wanted(Wanted(name="cup", height=float("nan"))),
    "an endless height": with_wanted(Wanted(name="cup", height=float("inf"))),
    "a box without an edge": with_wanted(Wanted(name="cup", box=Box(left=float("nan"), top=0.0, right=1.0, bottom=1.0))),
    "half a character": with_wanted(Wanted(name="cup \ud83d")),
    "an integer of ten thousand digits": replace(make_request(), seed=10**10_000),
    "a value of another type": replace(make_request(), photo=object()),  # type: ignore[arg-type]
    "more strokes than a line holds": with_wanted(Wanted(name="cup", strokes=(Stroke(xs=LONG_WAY, ys=LONG_WAY, radius=0.1),))),
}


@pytest.mark.parametrize("case", UNSENDABLE)
@pytest.mark.parametrize("is_running", [False, True], ids=["off", "ready"])
def test_it_is_refused_and_leaves_no_job(case: str, is_running: bool) -> None:
    rig = Rig()
    if is_running:
        rig.session.inspect()
        rig.hear(HELLO)
        Strict(rig)
    with pytest.raises(Img23DError) as raised:
        rig.session.submit(UNSENDABLE[case])
    assert raised.value.code == ErrorCode.BAD_REQUEST and "\n" not in raised.value.sentence
    assert rig.session.active is None and rig.session.jobs == []
    job = rig.run()
    assert rig.session.state is SessionState.BUSY and rig.session.active is job


def test_the_largest_request_fits_into_a_line_that_the_backend_reads() -> None:
    wanted = Wanted(name="cup", strokes=(Stroke(xs=long_way(300_000), ys=long_way(300_000), radius=0.1),))
    line = encode(with_wanted(wanted))
    assert len(line) < LARGEST


def test_a_path_with_bytes_that_are_no_text_can_be_sent() -> None:
    """Linux has such names; Python reads them as lone surrogates from U+DC80 to U+DCFF (PEP 383)."""
    rig = Rig()
    rig.run(replace(make_request(), photo="/photos/caf\udce9.png"))
    assert rig.session.active is not None
