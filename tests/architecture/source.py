"""The project's modules as syntax trees, and what they import."""

from __future__ import annotations

import ast
import os
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
        """Raises SyntaxError for what Blender's oldest Python, which is 3.11, does not know; a newer one that runs this sees of it only what
        its `feature_version` tells."""
        return ast.parse(self.source, feature_version=(3, 11))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Of the whole tree: walked once for all rules."""
        return [node for node, _ in self._walked]

    @cached_property
    def _walked(self) -> list[tuple[ast.AST, bool]]:
        """Each node, and whether it lies in a function."""
        found: list[tuple[ast.AST, bool]] = []
        left: list[tuple[ast.AST, bool]] = [(self.tree, False)]
        while left:
            node, is_late = left.pop()
            found.append((node, is_late))
            is_late = is_late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for name in node._fields:
                value = getattr(node, name, None)
                if isinstance(value, list):
                    left += [(inner, is_late) for inner in reversed(value) if isinstance(inner, ast.AST)]
                elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                    left.append((value, is_late))
        return found

    @property
    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]

    def imports(self) -> Iterator[Import]:
        typing_only = {id(inner) for node in self._typing_blocks() for inner in ast.walk(node)}
        for node, is_late in self._walked:
            for target in self._targets(node):
                yield Import(target=target, line=node.lineno, is_at_module_level=not is_late and id(node) not in typing_only)

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


@cache
def extension_modules() -> list[Module]:
    """All modules in `blender_img23d`, the protocol under its name there."""
    return _modules(ROOT, EXTENSION)


@cache
def backend_modules() -> list[Module]:
    return _modules(ROOT / "backend", BACKEND)


def product_modules() -> list[Module]:
    return extension_modules() + backend_modules()


@cache
def python_files() -> list[Path]:
    """Every Python file of the project, tests and tools included. build/ holds whole environments, so it is not gone through."""
    found: list[Path] = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS]
        found += [Path(folder, name) for name in files if name.endswith(".py")]
    return sorted(found)


@cache
def other_modules() -> list[Module]:
    """Tests and tools, by their paths."""
    package_roots = (ROOT / EXTENSION, ROOT / "backend" / BACKEND)
    files = [path for path in python_files() if not any(path.is_relative_to(root) for root in package_roots)]
    return [Module(name=str(path.relative_to(ROOT)), source=path.read_text(encoding="utf-8")) for path in files]


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
