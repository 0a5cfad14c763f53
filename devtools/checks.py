"""Static checks: ruff lints every file and looks at its format, pyright checks the types of what pyproject.toml lists."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import environment
from .places import ROOT
from .running import clean_environment, output_of

# The node of the environment's wheel, whatever else the machine has, and no question to the network whether there is a newer pyright
_VARIABLES = {"PYRIGHT_PYTHON_GLOBAL_NODE": "0", "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}


def run_checks() -> bool:
    """Whether all find nothing; what they find is shown."""
    python = environment.checks_python()
    commands = {
        "ruff": ruff_command(ROOT),
        "ruff format": format_command(ROOT, changes=False),
        "pyright": [python, "-m", "pyright", "--project", ROOT, "--pythonpath", python],
    }
    with ThreadPoolExecutor(len(commands)) as pool:
        return all(list(pool.map(_is_clean, commands, commands.values())))


def ruff_command(*paths: Path) -> list[str | Path]:
    """The linter with the project's rules."""
    return [environment.ruff(), "check", "--quiet", "--no-cache", "--config", ROOT / "pyproject.toml", *paths]


def format_command(*paths: Path, changes: bool = True) -> list[str | Path]:
    """The formatter; without `changes` it only says what it would write anew."""
    only_look = [] if changes else ["--check"]
    return [environment.ruff(), "format", "--quiet", "--no-cache", *only_look, "--config", ROOT / "pyproject.toml", *paths]


def run_format() -> bool:
    """Sort the imports and write every file in the one format. Whether that went well."""
    commands = {"imports": [*ruff_command(ROOT), "--select", "I", "--fix"], "format": format_command(ROOT)}
    went_well = {name: _is_clean(name, command) for name, command in commands.items()}  # each, also after one that failed
    return all(went_well.values())


def _is_clean(name: str, command: Sequence[str | Path]) -> bool:
    start = time.monotonic()
    done = output_of(command, env=clean_environment(**_VARIABLES))
    found = "nothing found" if done.returncode == 0 else f"status {done.returncode}\n{done.stdout}{done.stderr}".rstrip()
    print(f"--- {name}: {found} ({time.monotonic() - start:.0f} s)", flush=True)
    return done.returncode == 0
