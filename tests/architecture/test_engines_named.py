"""An engine is named in its folder and among the options. Who else names one, or an option of its own, stands in a list here."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from source import Module, product_modules

from blender_img23d.shared.img23d_protocol.options.declare import options_of
from blender_img23d.shared.img23d_protocol.options.settings import REGISTERED, Settings

_HOMES = ("img23d_backend.engines.", "blender_img23d.shared.img23d_protocol.options.")
_ENGINES = frozenset(engine.id for engine in REGISTERED)
_OWN = frozenset(one.key for one in options_of(Settings) if one.path[0] in _ENGINES)
# `values.shape` is of an array
_HOLDERS = ("settings", "values", "defaults", "learned", "asked")  # names of what options are read from
# Only these words mean nothing else: "preview" is also a picture, and "faces" are of any mesh
_PLAIN = frozenset(name for name in _OWN if "_" in name) | {"hunyuan3d", "cutter", "nameless", "delight", "thickness"}

ALLOWED = {
    "blender_img23d.shared.img23d_protocol.environment": "Tencent's networks have a lock of their own",
    "img23d_backend.weights.registry": "every file set that can be downloaded has a row",
    "img23d_backend.weights.rows.hunyuan3d": "as above",
    "img23d_backend.machine.speed": "how much the learned engine computes, counted from its configurations",
    "img23d_backend.service.settings": "the reference service's names of TRELLIS's options",
}


def names(module: Module) -> Iterator[tuple[int, str]]:
    """Where a module names an engine or an option of one, and what."""
    for node in module.nodes:
        match node:
            case ast.ImportFrom(module=str(name)) if "options" in name.split(".") and name.rpartition(".")[2] in _ENGINES:
                yield node.lineno, name
            case ast.Attribute(value=holder, attr=name) if (
                _last(holder) in _HOLDERS and name in _ENGINES | _OWN and f"{_last(holder)}.{name}" != "values.shape"
            ):
                yield node.lineno, f"{_last(holder)}.{name}"
            case ast.Constant(value=str(text)) if text in _PLAIN:
                yield node.lineno, text
            case ast.keyword(arg="engine", value=ast.Constant(value=text)) if text in _ENGINES:
                yield node.value.lineno, f"engine {text}"
            case ast.AnnAssign(target=ast.Name(id="engine"), value=ast.Constant(value=text)) if text in _ENGINES:
                yield node.lineno, f"engine {text}"
            case ast.Compare(left=left, comparators=[ast.Constant(value=text)]) if _last(left) in ("engine", "id") and text in _ENGINES:
                yield node.lineno, f"engine {text}"


def _last(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _outside() -> dict[str, list[tuple[int, str]]]:
    modules = [module for module in product_modules() if not module.name.startswith(_HOMES)]
    return {module.name: found for module in modules if (found := list(names(module)))}


def test_who_names_an_engine() -> None:
    found = _outside()
    assert set(found) == set(ALLOWED), {name: found[name] for name in set(found) ^ set(ALLOWED) if name in found}
    assert len(ALLOWED) <= 6


@pytest.mark.parametrize(
    "source",
    [
        "from img23d_protocol.options.hunyuan3d import TURBO_PAINTER",
        "from ..shared.img23d_protocol.options.preview import CUTTERS",
        "steps = request.settings.hunyuan3d.shape.steps",
        "if values.painter == x: pass",
        "row.prop(values, 'octree_resolution')",
        "if values.engine == 'cutout': pass",
        "f(engine='preview')",
        "class A:\n    engine: str = 'preview'",
    ],
)
def test_what_counts_as_naming(source: str) -> None:
    assert list(names(Module(name="a", source=source)))


@pytest.mark.parametrize("source", ["record.file('preview')", "mesh.faces", "settings.common.texture", "from img23d_protocol.options.declare import Row"])
def test_what_does_not_count(source: str) -> None:
    assert not list(names(Module(name="a", source=source)))
