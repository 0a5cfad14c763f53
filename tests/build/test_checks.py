"""The linter's rules that keep the house style, and the types that stand in for OpenCV's."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import cv2
import pytest

from devtools import checks
from devtools.environment import REQUIREMENTS
from devtools.places import BACKEND, EXTENSION, ROOT
from devtools.running import output_of

FUTURE = "from __future__ import annotations\n"
STUBS = ROOT / "devtools" / "stubs" / "cv2"

# What must not be written, and the rule that says so
WRONG = {
    "print": ("print('x')", "T201"),
    "a global that changes": ("def f() -> None:\n    global x\n    x = 1", "PLW0603"),
    "a global that is counted up": ("def f() -> None:\n    global x\n    x += 1", "PLW0603"),
    "a global that is only read": ("def f() -> int:\n    global x\n    return x", "PLW0602"),
    "an argument without a type": ("def f(a) -> None: ...", "ANN001"),
    "a keyword without a type": ("def f(*, a) -> None: ...", "ANN001"),
    "arguments without a type": ("def f(*a) -> None: ...", "ANN002"),
    "keywords without a type": ("def f(**a) -> None: ...", "ANN003"),
    "no type of a result": ("def f(a: int): ...", "ANN201"),
    "no type of a private result": ("def _f(a: int): ...", "ANN202"),
    "no type of an inner result": ("def f() -> None:\n    def g(): ...", "ANN202"),
    "no type of a constructor": ("class A:\n    def __init__(self): ...", "ANN204"),
    "no type of a static method": ("class A:\n    @staticmethod\n    def f(): ...", "ANN205"),
    "no type of a class method": ("class A:\n    @classmethod\n    def f(cls): ...", "ANN206"),
    "an import that is not used": ("import os\nimport sys\nsys.exit()", "F401"),
    "an import for types that is not used": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os", "F401"),
    "a name that is not there": ("def f() -> None:\n    nothing()", "F821"),
    "a log that is formatted at once": ("import logging\nlogging.getLogger().info(f'{1}')", "G004"),
    "quotes within the same quotes": ('a = {"b": 1}\nc = f"{a["b"]}"', "invalid-syntax"),
    "a type statement": ("type A = int", "invalid-syntax"),
    "type parameters": ("def f[T](a: T) -> T:\n    return a", "invalid-syntax"),
}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The rules that each file has broken, all files looked at in one go."""
    folder = tmp_path_factory.mktemp("wrong")
    for number, (source, _) in enumerate(WRONG.values()):
        (folder / f"module{number}.py").write_text(f'"""A module."""\n{FUTURE}{source}\n', encoding="utf-8")
    (folder / "no_future.py").write_text('"""A module."""\nA = 1\n', encoding="utf-8")
    (folder / "right.py").write_text(f'"""A module."""\n\n{FUTURE}\nA = 1\n', encoding="utf-8")
    answer = output_of([*checks.ruff_command(folder), "--output-format", "json"])
    found: dict[str, set[str]] = {}
    for one in json.loads(answer.stdout):
        found.setdefault(Path(one["filename"]).stem, set()).add(one["code"] or "invalid-syntax")
    return found


@pytest.mark.parametrize("number", range(len(WRONG)), ids=list(WRONG))
def test_the_linters_rules_bite(findings: dict[str, set[str]], number: int) -> None:
    _, rule = list(WRONG.values())[number]
    assert rule in findings.get(f"module{number}", set())


def test_annotations_are_no_code(findings: dict[str, set[str]]) -> None:
    assert findings["no_future"] == {"I002"}
    assert "right" not in findings


def test_imports_in_no_order_and_another_format_are_found(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(f'"""A module."""\n\n{FUTURE}\nimport sys\nimport os\n\nA = [os.sep,   sys.path]\n', encoding="utf-8")
    assert "I001" in output_of([*checks.ruff_command(path), "--output-format", "concise"]).stdout
    assert output_of(checks.format_command(path, changes=False)).returncode == 1
    output_of([*checks.ruff_command(path), "--select", "I", "--fix"])
    output_of(checks.format_command(path))
    assert path.read_text(encoding="utf-8").endswith("import os\nimport sys\n\nA = [os.sep, sys.path]\n")
    assert output_of(checks.ruff_command(path)).returncode == 0
    assert output_of(checks.format_command(path, changes=False)).returncode == 0


def test_the_linter_looks_at_every_file() -> None:
    shown = {Path(line) for line in output_of([*checks.ruff_command(ROOT), "--show-files"]).stdout.splitlines()}
    files = {path for folder in (EXTENSION, BACKEND, ROOT / "devtools", ROOT / "tests", ROOT / "demo") for path in folder.rglob("*.py")}
    assert len(files) > 800
    assert files - shown == set()


def test_no_comment_lifts_a_rule_of_the_house() -> None:
    """Where print, a global or a missing annotation may be, stands in pyproject.toml alone."""
    lifted = re.compile(r"#\s*(ruff:\s*)?noqa(?!:)|#.*noqa:.*\b(T20|PLW060|ANN|I002|F401|F821)")
    files = [path for folder in (EXTENSION, BACKEND) for path in folder.rglob("*.py")]
    assert len(files) > 300
    assert [str(path) for path in files if lifted.search(path.read_text(encoding="utf-8"))] == []


def test_pre_commit_runs_the_same_linter() -> None:
    (pinned,) = re.findall(r"^ruff==.*$", (REQUIREMENTS / "checks.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert f'["{pinned}"]' in (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")


def _stub(path: Path) -> list[ast.stmt]:
    return ast.parse(path.read_text(encoding="utf-8")).body


@pytest.mark.parametrize(("path", "module"), [(STUBS / "__init__.pyi", cv2), (STUBS / "dnn" / "__init__.pyi", cv2.dnn)], ids=["cv2", "cv2.dnn"])
def test_opencv_has_what_its_stub_says(path: Path, module: object) -> None:
    """Names, and for functions the order of the arguments, as the library's own docstrings list them."""
    wrong = []
    for node in _stub(path):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            wrong += [] if hasattr(module, node.target.id) else [node.target.id]
        elif isinstance(node, ast.ClassDef):
            wrong += [] if isinstance(getattr(module, node.name, None), type) or node.name == "Error" else [node.name]
        elif isinstance(node, ast.FunctionDef):
            names = [one.arg for one in node.args.args]
            signatures = re.findall(rf"^\s*\.?\s*{node.name}\((.*?)\) ->", getattr(module, node.name).__doc__, re.MULTILINE)
            known = [re.findall(r"\w+", text) for text in signatures]
            wrong += [] if any(one[: len(names)] == names for one in known) else [f"{node.name}{names} {known}"]
    assert wrong == []
