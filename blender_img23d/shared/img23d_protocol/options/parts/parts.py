"""The splitters, a line each."""

from __future__ import annotations

from dataclasses import field

from ..declare import Options, Record, Row, inner_kind, option
from .autopartgen import AutoPartGen
from .holopart import HoloPart
from .partcrafter import PartCrafter
from .splitter import BuiltIn, Splitter


class _Registered(Options):
    """Blender keeps the splitter by its place among these lines: a new one comes last. One with a model has its folder in the backend's
    `engines`, with `make_splitter`.
    """

    built_in: BuiltIn = field(default_factory=BuiltIn)
    autopartgen: AutoPartGen = field(default_factory=AutoPartGen)
    holopart: HoloPart = field(default_factory=HoloPart)
    partcrafter: PartCrafter = field(default_factory=PartCrafter)


def _declared(kind: type | None) -> Splitter:
    engine = getattr(kind, "engine", None)
    assert isinstance(engine, Splitter)
    return engine


SPLITTERS: tuple[Splitter, ...] = tuple(_declared(inner_kind(one)) for one in _Registered.declared().values())


class Parts(_Registered):
    """What things are split with."""

    splitter: str = option(
        SPLITTERS[0].id,
        label="Split With",
        tip="What splits the object into its parts",
        subject="the splitter",
        choices=tuple(one.choice for one in SPLITTERS),
        row=Row(panel="parts", rank=10),
        record=Record(label="Split With", rank=20),
    )


def splitter_named(identifier: str) -> Splitter:
    """What another version's splitter did nobody knows: the built-in one stands in for it."""
    return next((one for one in SPLITTERS if one.id == identifier), SPLITTERS[0])
