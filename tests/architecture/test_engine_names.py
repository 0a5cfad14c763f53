"""Which files outside the engine folders name an engine, one of its models or its options: what a new engine would have to be added to.

Names in code and in strings count; comments and docstrings, which cite sources, do not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from source import BACKEND, EXTENSION, Module, backend_modules, extension_modules

ENGINE = re.compile(r"hunyuan|hy3dgen|qwen|birefnet|isnet|is-net|depth[_ -]?anything", re.IGNORECASE)
OPTION = re.compile(
    r"learned|LearnedSettings|cutter|CUTTERS|nameless|Nameless|ShapeKind|GROUNDERS|MATTERS|SHAPE_MODELS|SPEEDS|PAINTERS"
    r"|PREVIEW_(ENGINE|MATTE|PAINT)|PAINT_DELIGHT|TURBO_PAINTER|STANDARD_PAINTER|takes_side_photos|shape_set"
)
ENGINES = f"{BACKEND}.engines."
PROTOCOL = f"{EXTENSION}.shared."
# The backend's that do today; the aim is six of all together, when the options are declared once. The set only gets smaller: what names none any more has to be taken off it.
TODAY = {
    "cli.generate", "cli.setup", "diagnose.programs", "diagnose.report", "diagnose.trials", "diagnose.weights", "engines",
    "jobs.failures", "jobs.generation", "jobs.picking", "jobs.request_checks",
    "jobs.runs", "machine.speed", "setup.environment", "setup.installation", "stages", "weights.caches", "weights.registry",
}  # fmt: skip
MOST_IN_EXTENSION = 30
MOST_IN_PROTOCOL = 7


def names_an_engine(module: Module) -> bool:
    return any(ENGINE.search(text) or OPTION.fullmatch(text) for text in _names(module)) or any(map(ENGINE.search, _texts(module)))


def _names(module: Module) -> Iterator[str]:
    for node in module.nodes:
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.alias(name=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ImportFrom(module=str(name)):
                yield name


def _texts(module: Module) -> Iterator[str]:
    """Strings but docstrings."""
    bare = {id(node.value) for node in module.nodes if isinstance(node, ast.Expr)}
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.value


def naming(modules: Iterable[Module]) -> set[str]:
    return {one.name for one in modules if not one.name.startswith(ENGINES) and names_an_engine(one)}


def test_the_backends_files_that_name_an_engine() -> None:
    assert {name.removeprefix(f"{BACKEND}.") for name in naming(backend_modules())} == TODAY


def test_no_more_files_of_the_extension_name_an_engine() -> None:
    found = naming(extension_modules())
    of_protocol = {name for name in found if name.startswith(PROTOCOL)}
    assert len(of_protocol) <= MOST_IN_PROTOCOL, sorted(of_protocol)
    assert len(found - of_protocol) <= MOST_IN_EXTENSION, sorted(found - of_protocol)


def test_a_name_is_seen_and_a_source_is_none() -> None:
    def seen(source: str) -> bool:
        return names_an_engine(Module(name=f"{BACKEND}.jobs.new", source=source))

    assert seen('if engine.id == "hunyuan3d": pass') and seen("settings.learned.steps") and seen("from ..engines.isnet import x")
    assert not seen('"""As in Hunyuan3D-2."""\nx = 1  # Qwen') and not seen("learned_by_heart = 1")
    assert naming([Module(name=f"{ENGINES}qwen3vl.model", source='x = "qwen"')]) == set()
