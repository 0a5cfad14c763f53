"""The house style, as far as a syntax tree can tell and ruff (see pyproject.toml) does not know it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

import pytest
from source import ROOT, Module, product_modules, python_files

MODULES = product_modules()
LONGEST_MODULE = 450  # lines: a concept is not cut up to stay below a smaller number
LONGEST_EXECUTE = 15

# Where the outside world begins: anything may be thrown there, and must not go further.
BOUNDARIES = {
    "blender_img23d.process.client": "the thread that reads what a backend sends",
    "blender_img23d.scene.glb.reader": "the thread that reads a file from a disk",
    "img23d_backend.__main__": "the program",
    "img23d_backend.pipe.server": "the process and its threads",
    "img23d_backend.relay.job": "the job's thread",
    "img23d_backend.relay.outlook": "the thread of a look that may take too long",
    "img23d_backend.relay.server": "the process and its threads",
    "img23d_backend.workers.pool": "whoever listens to a job, and must not end the worker",
    "img23d_backend.jobs.pipeline": "a job, which must end with a message",
    "img23d_backend.jobs.generation": "a target, which takes no other with it",
    "img23d_backend.jobs.setup_jobs": "a job, which must end with a message",
    "img23d_backend.cluster.actors": "a stage for a pipeline on another machine, which is told of whatever is raised",
    "img23d_backend.diagnose": "a job, which must end with a message, and a check, which keeps no other from looking",
    "img23d_backend.diagnose.programs": "a damaged package may raise anything on import",
    "blender_img23d.app.pump": "the timer, which must not end",
    "blender_img23d.app.jobs.applier": "a result, which takes no other with it",
    "blender_img23d.scene.photo.overlay": "a redraw, which must not fail for what it lays over the photo",
    "blender_img23d.scene.picking.popup": "a redraw, which must not fail for the photo that it lays over the viewport",
}
FILE_SYSTEM = {
    "open", "exists", "is_file", "is_dir", "stat", "iterdir", "glob", "rglob", "read_text", "read_bytes", "listdir",
    "isfile", "isdir", "abspath", "mkdir", "Popen", "run", "load",
}  # fmt: skip


Findings = Iterator[tuple[int, str]]


def _calls(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.Call, str]]:
    for node in nodes:
        if isinstance(node, ast.Call):
            yield node, node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _functions(module: Module) -> Iterator[ast.FunctionDef]:
    return (node for node in module.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def broad_excepts(module: Module) -> Findings:
    for node in module.nodes:
        if isinstance(node, ast.ExceptHandler) and module.name not in BOUNDARIES:
            caught = "" if node.type is None else ast.unparse(node.type)
            if caught in ("", "Exception", "BaseException"):
                yield node.lineno, f"except {caught or 'everything'} away from the boundaries"


def positional_dataclasses(module: Module) -> Findings:
    for node in module.nodes:
        if isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                text = ast.unparse(decorator)
                if text.partition("(")[0] == "dataclass" and "kw_only=True" not in text:
                    yield node.lineno, f"dataclass {node.name} is not keyword-only"


def stubs(module: Module) -> Findings:
    for node in module.nodes:
        if isinstance(node, ast.Raise) and node.exc and "NotImplementedError" in ast.unparse(node.exc):
            yield node.lineno, "NotImplementedError: not built"


def slow_drawing(module: Module) -> Findings:
    for function in _functions(module):
        if not module.name.startswith("blender_img23d") or not _is_of_a_redraw(function.name.lstrip("_")):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield node.lineno, f"{function.name} imports"
        for call, name in _calls(ast.walk(function)):
            if name in FILE_SYSTEM:
                yield call.lineno, f"{function.name} calls {name}"


def _is_of_a_redraw(name: str) -> bool:
    """`is_shown` and its like are asked by `poll`."""
    return name.startswith(("draw", "poll")) or (name.startswith("is_") and name.endswith("shown"))


def long_executes(module: Module) -> Findings:
    for function in _functions(module):
        lines = (function.end_lineno or 0) - function.lineno
        if function.name == "execute" and lines > LONGEST_EXECUTE:
            yield function.lineno, f"execute() has {lines} lines"


def unusual_class_names(module: Module) -> Findings:
    prefixes = {"Operator": "IMG23D_OT_", "Panel": "IMG23D_PT_"}
    for node in module.nodes:
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                prefix = prefixes.get(ast.unparse(base).removeprefix("bpy.types."), "")
                if not node.name.startswith(prefix):
                    yield node.lineno, f"{node.name} does not begin with {prefix}"


def no_docstring(module: Module) -> Findings:
    if module.source.strip() and not ast.get_docstring(module.tree):
        yield 1, "the module does not say what it is"


RULES = [broad_excepts, positional_dataclasses, stubs, slow_drawing, long_executes, unusual_class_names, no_docstring]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule: Callable[[Module], Findings]) -> None:
    found = [f"{module.name}:{line}: {what}" for module in MODULES for line, what in rule(module)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (broad_excepts, "try:\n    pass\nexcept Exception:\n    pass"),
        (broad_excepts, "try:\n    pass\nexcept:\n    pass"),
        (positional_dataclasses, "@dataclass(frozen=True)\nclass A: ..."),
        (stubs, "def f() -> None:\n    raise NotImplementedError"),
        (slow_drawing, "def draw(self, context) -> None:\n    import os"),
        (slow_drawing, "def poll(cls, context) -> bool:\n    return path.exists()"),
        (slow_drawing, "def is_box_shown(context) -> bool:\n    return path.exists()"),
        (long_executes, "def execute(self):\n" + "    a = 1\n" * 16),
        (unusual_class_names, "class Generate(bpy.types.Operator): ..."),
        (unusual_class_names, "class Main(Panel): ..."),
        (no_docstring, "a = 1"),
    ],
)
def test_rules_bite(rule: Callable[[Module], Findings], source: str) -> None:
    assert len(list(rule(Module(name="blender_img23d.scene.example", source=source)))) == 1


def test_no_module_is_too_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_room_for_everything() -> None:
    names = {"utils.py", "util.py", "helpers.py", "misc.py", "common.py"}
    assert [str(path.relative_to(ROOT)) for path in python_files() if path.name in names] == []


def test_the_protocol_is_the_same_for_both_sides() -> None:
    """The backend has no copy of its own."""
    copies = [path for path in python_files() if path.parent.name == "img23d_protocol"]
    assert {path.parent for path in copies} == {ROOT / "blender_img23d" / "shared" / "img23d_protocol"}
