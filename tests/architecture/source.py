"""The project's modules as syntax trees, and what they import."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = "blender_img23d"
BACKEND = "img23d_backend"
PROTOCOL = "img23d_protocol"
NOT_OURS = {".git", "__pycache__", "build", "dist", "wheels", "node_modules"}


@dataclass(frozen=True, kw_only=True)
class Import:
    """`target` is an absolute dotted name, in the project's own names where it is the project's own."""

    target: str
    line: int
    is_at_module_level: bool


@dataclass(frozen=True, kw_only=True)
class Module:
    """`name` is the dotted name below the folder that is on the path, such as `img23d_backend.mesh.topology.checks`."""

    name: str
    source: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Of the whole tree, breadth first: walked once for all rules."""
        return list(ast.walk(self.tree))

    @property
    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]

    def imports(self) -> Iterator[Import]:
        late = {id(inner) for node in _outermost_functions(self.tree) for inner in ast.walk(node)}
        typing_only = {id(inner) for node in self._typing_blocks() for inner in ast.walk(node)}
        for node in self.nodes:
            is_early = id(node) not in late and id(node) not in typing_only
            for target in self._targets(node):
                yield Import(target=target, line=node.lineno, is_at_module_level=is_early)

    def _targets(self, node: ast.AST) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if not isinstance(node, ast.ImportFrom):
            return []
        base = self._absolute(node)
        return [f"{base}.{alias.name}" for alias in node.names]

    def _typing_blocks(self) -> Iterator[ast.If]:
        for node in self.nodes:
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                yield node

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.package.split(".")
        above = parts[: len(parts) - (node.level - 1)]
        return ".".join([*above, *([node.module] if node.module else [])])


def _outermost_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """Those that lie in no other one."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
        else:
            yield from _outermost_functions(node)


@cache
def extension_modules() -> list[Module]:
    """All modules in `blender_img23d`, the protocol under its name there."""
    return _modules(ROOT, EXTENSION)


@cache
def backend_modules() -> list[Module]:
    return _modules(ROOT / "backend", BACKEND)


def product_modules() -> list[Module]:
    return extension_modules() + backend_modules()


def python_files() -> list[Path]:
    """Every Python file of the project, tests and tools included."""
    return sorted(path for path in ROOT.rglob("*.py") if not NOT_OURS & set(path.relative_to(ROOT).parts))


def _modules(root: Path, package: str) -> list[Module]:
    found = []
    for path in sorted((root / package).rglob("*.py")):
        parts = list(path.relative_to(root).with_suffix("").parts)
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        found.append(Module(name=name, source=path.read_text(encoding="utf-8"), is_package=is_package))
    return found


def top(dotted: str) -> str:
    return dotted.partition(".")[0]


def is_standard(dotted: str) -> bool:
    return top(dotted) in sys.stdlib_module_names
