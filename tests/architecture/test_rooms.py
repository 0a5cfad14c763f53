"""Folders: no circle of imports between them, none with everything in it, no module that is a shaving of another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import pytest
from source import BACKEND, EXTENSION, PROTOCOL, Module, product_modules

TOPS = (BACKEND, EXTENSION, f"{EXTENSION}.shared.{PROTOCOL}")  # what lies at their top is a room by itself
MOST_MODULES = 15  # a folder, without its __init__
OPTIONS = f"{EXTENSION}.shared.{PROTOCOL}.options"
SHORT = 40  # lines: a module with fewer and with one importer in its own folder is a part of that one
# ... unless there is a reason
MAY_BE_SHORT = {
    f"{BACKEND}.engines.grounders": "the folder itself is imported by a set-up, whose Python has no NumPy",
    f"{BACKEND}.engines.hunyuan3d.paint.background_task": "knows nothing of painting, and is tested by itself",
    f"{OPTIONS}.camera": "each engine's options and each stage's have a file",
    f"{OPTIONS}.cutout": "as above",
    f"{OPTIONS}.flat_settings": "read only where settings of an older form are",
}


def folder_of(name: str, modules: Mapping[str, Module]) -> str:
    """The folder that a module lies in."""
    if modules[name].is_package:
        return name
    folder = name.rpartition(".")[0]
    return name if folder in TOPS else folder


def imported(modules: Mapping[str, Module]) -> dict[str, set[str]]:
    """Each module's imports among `modules`, wherever in it they stand and also where they are for types only."""
    found: dict[str, set[str]] = {name: set() for name in modules}
    for name, module in modules.items():
        for one in module.imports():
            target = one.target
            while target and target not in modules:
                target = target.rpartition(".")[0]
            if target and target not in (name, *TOPS):
                found[name].add(target)
    return found


def circles(modules: Mapping[str, Module]) -> list[list[str]]:
    """Folders that import each other, over however many others."""
    arrows: dict[str, set[str]] = defaultdict(set)
    for name, targets in imported(modules).items():
        arrows[folder_of(name, modules)] |= {folder_of(target, modules) for target in targets}
    reached = {folder: _reached(folder, arrows) for folder in list(arrows)}
    found = {frozenset(b for b in reached[a] if a in reached.get(b, ())) for a in reached if a in reached[a]}
    return sorted(sorted(circle) for circle in found)


def _reached(start: str, arrows: Mapping[str, set[str]]) -> set[str]:
    """From a folder by one arrow or more that lead to another one."""
    seen: set[str] = set()
    todo = [(start, there) for there in arrows.get(start, ())]
    while todo:
        here, there = todo.pop()
        if here != there and there not in seen:
            seen.add(there)
            todo += [(there, further) for further in arrows.get(there, ())]
    return seen


def crowded(modules: Iterable[Module]) -> dict[str, int]:
    counts = Counter(module.name.rpartition(".")[0] for module in modules if not module.is_package)
    return {folder: count for folder, count in counts.items() if count > MOST_MODULES}


def shavings(modules: Mapping[str, Module]) -> list[str]:
    importers: dict[str, list[str]] = defaultdict(list)
    for name, targets in imported(modules).items():
        for target in targets:
            importers[target].append(name)
    short = [one.name for one in modules.values() if len(one.source.splitlines()) < SHORT and not one.is_package]
    alone = [name for name in short if len(importers[name]) == 1]
    return [name for name in alone if folder_of(importers[name][0], modules) == folder_of(name, modules)]


def by_name(*modules: Module) -> dict[str, Module]:
    return {module.name: module for module in modules}


PRODUCT = by_name(*product_modules())


def test_no_circle_between_folders() -> None:
    assert circles(PRODUCT) == []


def test_no_folder_is_crowded() -> None:
    assert crowded(PRODUCT.values()) == {}


def test_no_shavings() -> None:
    assert [name for name in shavings(PRODUCT) if name not in MAY_BE_SHORT] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("from ..b.two import x", "from ..a.one import y"), ("def f():\n    from ..b import two", "from ..a import one")],
)
def test_a_circle_is_seen(one: str, other: str) -> None:
    modules = by_name(Module(name="img23d_backend.a.one", source=one), Module(name="img23d_backend.b.two", source=other))
    assert circles(modules) == [["img23d_backend.a", "img23d_backend.b"]]


def test_arrows_of_one_direction_are_no_circle() -> None:
    both = "from ..b.two import x\nfrom .three import z"
    modules = by_name(
        Module(name="img23d_backend.a.one", source=both),
        Module(name="img23d_backend.a.three", source="from .one import x"),
        Module(name="img23d_backend.b.two", source="import os"),
    )
    assert circles(modules) == []


def test_a_crowd_and_a_shaving_are_seen() -> None:
    crowd = [Module(name=f"img23d_backend.a.m{number}", source="") for number in range(MOST_MODULES + 1)]
    assert crowded(crowd) == {"img23d_backend.a": MOST_MODULES + 1}
    large = Module(name="img23d_backend.a.large", source="from .small import x\n" * SHORT)
    assert shavings(by_name(large, Module(name="img23d_backend.a.small", source="x = 1"))) == ["img23d_backend.a.small"]
