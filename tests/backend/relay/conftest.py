"""The relay's tests need a server to talk to: the packages of the extra `serve`."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LACKING = [name for name in ("starlette", "uvicorn", "python_multipart", "pydantic_settings") if importlib.util.find_spec(name) is None]
if LACKING and not os.environ.get("IMG23D_ALL_TESTS"):
    pytest.skip(f"{', '.join(LACKING)} not installed (pip install ./backend[serve])", allow_module_level=True)
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "service")]

from relay_desk import TOKEN, Relay  # noqa: E402
from service_desk import Server  # noqa: E402


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests of a module, with a token, which leave it as they found it."""
    running = Server(tmp_path_factory.mktemp("server"), settings={"IMG23D_SERVE_TOKEN": TOKEN}, token=TOKEN).start().ready()
    yield running
    running.stop()


@pytest.fixture
def held(server: Server) -> Iterator[Path]:
    """Holds every job of the shared server until the file is gone."""
    path = server.folder / "wait"
    path.touch()
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture
def relay(server: Server, tmp_path: Path) -> Iterator[Relay]:
    with Relay(tmp_path / "laptop", f"http://127.0.0.1:{server.port}", token=TOKEN) as one:
        yield one
