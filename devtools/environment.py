"""All set-up on a fresh machine: virtual environments below build/, and Blender in one form or another.

An environment counts as ready only when its stamp holds the requirements it was made from; the stamp is written last, so
a set-up that was cut off goes on where it was, and a changed requirements file is installed again.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from blender_img23d.shared.img23d_protocol.choices import TENCENT_LICENCE

from .places import BACKEND, BUILD, EXTENSION, ROOT
from .running import DevError, clean_environment, output_of, run

REQUIREMENTS = ROOT / "devtools" / "requirements"
BPY_PYTHONS = ("3.11", "3.13")  # the Python versions that blender.txt has a bpy for
BLENDER_MIN = (4, 2)
PYTHON_PROGRAM = "Scripts/python.exe" if os.name == "nt" else "bin/python"  # in a virtual environment

# What bpy links against and a bare Debian or Ubuntu lacks
DEBIAN_PACKAGES = ("libgl1", "libice6", "libsm6", "libx11-6", "libxfixes3", "libxi6", "libxkbcommon0", "libxrender1", "libxxf86vm1")
BROWSER = ("chromium", "chromium-driver")  # Debian's names

# Several threads set up beside each other: one makes an environment, others that need it wait. apt-get refuses where another one runs
_MAKING: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
_APT = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Blender:
    """A Blender that can run scripts: `script` + [file, arguments] and `tool` + [build, ...] are whole commands."""

    label: str
    script: tuple[str, ...]
    tool: tuple[str, ...]
    separator: tuple[str, ...] = ()  # what comes between the script and its arguments

    def command(self, file: Path, *arguments: str | Path) -> list[str]:
        return [*self.script, str(file), *self.separator, *map(str, arguments)]


def plain_python() -> Path:
    """The Python of the plain test environment, made when it is not there."""
    return _environment("plain", Path(sys.executable), REQUIREMENTS / "tests.txt")


def cluster_python() -> Path:
    """The Python of the tests that need Ray."""
    return _environment("cluster", Path(sys.executable), REQUIREMENTS / "cluster.txt")


def manual_python() -> Path:
    """The Python that the manual is made with: of whichever version made it, since the tests, which have no pip, use it too."""
    return _environment("manual", None, REQUIREMENTS / "manual.txt")


def network_python() -> Path:
    """The Python that the zip's networks are converted with."""
    return _environment("network", None, REQUIREMENTS / "network.txt")


def network_check_python() -> Path:
    """The Python that a converted network and its original are compared with."""
    return _environment("network_check", None, REQUIREMENTS / "network_check.txt")


def checks_python() -> Path:
    """The Python beside which ruff and pyright lie."""
    return _environment("checks", None, REQUIREMENTS / "checks.txt")


def ruff() -> Path:
    return _program_of(checks_python(), "ruff")


def npm() -> Path:
    """npm's client: the machine's own, or the one of a PyPI wheel."""
    own = shutil.which("npm")
    return Path(own) if own else _program_of(_environment("npm", None, REQUIREMENTS / "npm.txt"), "npm")


def npm_variables(program: Path) -> dict[str, str]:
    """What npm's client is started with: it looks for node on the PATH, which lies beside it."""
    return clean_environment(PATH=os.pathsep.join([str(program.parent), os.environ.get("PATH", "")]))


def hub_client() -> Path:
    """The model hub's client."""
    return _program_of(_environment("hub", None, REQUIREMENTS / "hub.txt"), "hf")


def _program_of(python: Path, name: str) -> Path:
    """A program that a package has put into an environment."""
    return python.with_name(f"{name}.exe" if os.name == "nt" else name)


def learned_python() -> Path:
    """The Python of the learned environment, with pytest: made on the processor by the very installer that an artist uses."""
    folder = BUILD / "environments" / "learned"
    python = folder / "venv" / PYTHON_PROGRAM
    requirements, stamp = REQUIREMENTS / "learned.txt", folder / "ready.txt"
    locks = sorted((BACKEND / "img23d_backend" / "setup" / "locks").glob("*.txt"))
    wanted = "".join(path.read_text(encoding="utf-8") for path in (requirements, *locks))
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and _starts(python):
        return python
    print(f"Setting up {folder.relative_to(ROOT)} (once) ...", flush=True)
    stamp.unlink(missing_ok=True)
    uv = installed_uv()
    variables = clean_environment(**uv_variables(), PYTHONPATH=os.pathsep.join([str(BACKEND), str(EXTENSION / "shared")]))
    command = [plain_python(), "-m", "img23d_backend", "setup", "--no-weights", "--torch", "cpu", "--folder", folder, "--uv", uv]
    hint = "The learned environment could not be made: see above."
    run([*command, "--accept-licence", TENCENT_LICENCE], env=variables, hint=hint)
    pins = [part for lock in locks for part in ("--constraints", lock)]
    command = [uv, "pip", "install", "--quiet", "--python", python, "--only-binary", ":all:", "--requirements", requirements]
    run([*command, *pins], env=variables, hint="uv could not install what the tests need: see above.")
    stamp.write_text(wanted, encoding="utf-8")
    return python


def installed_uv() -> Path:
    """uv's program in the plain environment."""
    return _program_of(plain_python(), "uv")


def uv_variables() -> dict[str, str]:
    """Where pip has been told to find packages, said to uv as well, which does not read pip's settings."""
    shared = {"UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(BUILD / "uv-cache"))}
    settings = _pip_settings()
    words = {
        "find-links": "UV_FIND_LINKS",
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_EXTRA_INDEX_URL",
        "cert": "SSL_CERT_FILE",
    }
    told = {name: settings[key] for key, name in words.items() if key in settings and name not in os.environ}
    if "UV_FIND_LINKS" in told:
        told["UV_FIND_LINKS"] = ",".join(told["UV_FIND_LINKS"].split())
    if "UV_EXTRA_INDEX_URL" in told:
        told["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does it: all indexes are asked, the best version counts
    return shared | told


def _pip_settings() -> dict[str, str]:
    """pip's configuration by its keys; what stands for the environment, or for installing, goes before what is global."""
    pythons = dict.fromkeys((sys.executable, getattr(sys, "_base_executable", sys.executable)))  # an environment may have no pip
    answers = (output_of([python, "-m", "pip", "config", "list"]) for python in pythons)
    listed = next((answer.stdout for answer in answers if answer.returncode == 0), "")
    found = re.findall(r"^(\S+)\.([\w-]+)='(.*)'$", listed, re.MULTILINE)
    order = ("global", "install", ":env:")
    known = sorted((order.index(section), key, value) for section, key, value in found if section in order)
    return {key: value.replace("\\n", " ") for _, key, value in known}


def find_blender() -> Blender:
    """A Blender for building and for the demo: the running Python's bpy, an installed Blender, or bpy from the index."""
    return _own_bpy() or _installed_blender() or bpy_environment()


def bpy_environment() -> Blender:
    """Blender as a Python module in its own environment, with pytest; installed when it is not there."""
    python = _environment("blender", _python_with_bpy(), REQUIREMENTS / "blender.txt")
    _need_importable_bpy(python)
    return _bpy_blender(python)


def _own_bpy() -> Blender | None:
    python = Path(sys.executable)
    return _bpy_blender(python) if output_of([python, "-c", "import bpy"]).returncode == 0 else None


def _bpy_blender(python: Path) -> Blender:
    question = "import bpy; print(bpy.utils.resource_path('LOCAL')); print(bpy.app.version_string)"
    answer = output_of([python, "-c", question])
    if answer.returncode:
        raise DevError(f"Blender's Python module does not start in {python}:\n{answer.stderr.strip()}")
    resources, version = answer.stdout.strip().splitlines()[-2:]
    tool = Path(resources) / "scripts" / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"
    if not tool.is_file():
        raise DevError(f"Blender {version} has no extension tool; 4.2 or newer is needed.")
    return Blender(label=f"Blender {version} (Python module)", script=(str(python),), tool=(str(python), str(tool)))


def _installed_blender() -> Blender | None:
    """A Blender that IMG23D_BLENDER names or that is on the PATH, 4.2 or newer."""
    named = os.environ.get("IMG23D_BLENDER")
    program = shutil.which(named or "blender")
    if named and not program:
        raise DevError(f"IMG23D_BLENDER names no program: {named}")
    if not program:
        return None
    match = re.search(r"^Blender (\d+)\.(\d+)\S*", output_of([program, "--version"]).stdout, re.MULTILINE)
    if match is None or (int(match[1]), int(match[2])) < BLENDER_MIN:
        return None
    return Blender(
        label=f"{match[0]} ({program})",
        script=(program, "--background", "--factory-startup", "--python-exit-code", "1", "--python"),
        tool=(program, "--factory-startup", "--command", "extension"),
        separator=("--",),
    )


def _python_with_bpy() -> Path:
    """An interpreter that a bpy exists for: this one, or another on the PATH."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" in BPY_PYTHONS:
        return Path(sys.executable)
    for version in BPY_PYTHONS:
        for command in ([f"python{version}"], ["py", f"-{version}"]):
            if shutil.which(command[0]):
                answer = output_of([*command, "-c", "import sys; print(sys.executable)"])
                if answer.returncode == 0:
                    return Path(answer.stdout.strip())
    raise DevError(
        f"There is no Blender here. Install Blender {BLENDER_MIN[0]}.{BLENDER_MIN[1]} or newer, or Python "
        f"{' or '.join(BPY_PYTHONS)}, for which Blender exists as a Python module."
    )


def _environment(name: str, base: Path | None, requirements: Path) -> Path:
    """The Python of build/environments/<name> with everything in `requirements`; of any version without a `base`."""
    with _MAKING[name]:
        return _ready_environment(BUILD / "environments" / name, base, requirements)


def _ready_environment(folder: Path, base: Path | None, requirements: Path) -> Path:
    python = folder / PYTHON_PROGRAM
    stamp = folder / "ready.txt"
    wanted = f"{base or 'any'}\n{requirements.read_text(encoding='utf-8')}"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and _starts(python):
        return python
    print(f"Setting up {folder.relative_to(ROOT)} (once) ...", flush=True)
    _need_pip()
    if not _starts(python):
        shutil.rmtree(folder, ignore_errors=True)
        maker = base or Path(sys.executable)
        run([maker, "-m", "venv", "--without-pip", folder], hint=f"{maker} could not make the environment {folder}.")
    stamp.unlink(missing_ok=True)
    _install(python, ["--requirement", requirements])
    stamp.write_text(wanted, encoding="utf-8")
    return python


def _starts(python: Path) -> bool:
    return python.is_file() and output_of([python, "-c", ""]).returncode == 0


def _need_pip() -> None:
    if output_of([sys.executable, "-m", "pip", "--version"]).returncode:
        raise DevError(f"{sys.executable} has no pip. On Debian or Ubuntu: apt-get install python3-pip; elsewhere: python3 -m ensurepip")


def _install(python: Path, what: Sequence[str | Path]) -> None:
    """Without compiling what is installed: of thousands of modules only those that are used are compiled, when they are imported."""
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--disable-pip-version-check", "--no-input", "--no-compile"]
    run([*command, "--quiet", "--only-binary", ":all:", *what], env=clean_environment(), hint="pip could not install what is needed: see above.")


def need_browser() -> None:
    """Chromium and its driver, for the tests of the server's page, where they may be installed; without them these tests are left out."""
    if shutil.which("chromedriver") or os.name != "posix" or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    print("Installing the browser that the server's page is tested in:", " ".join(BROWSER), flush=True)
    quiet = clean_environment(DEBIAN_FRONTEND="noninteractive")
    with _APT:
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *BROWSER]):
            if output_of(["apt-get", *command], env=quiet).returncode:
                print("It could not be installed.", flush=True)
                return


def _need_importable_bpy(python: Path) -> None:
    """Install the system's graphics libraries where that is allowed, else name them."""
    error = output_of([python, "-c", "import bpy"]).stderr
    if "cannot open shared object file" not in error:
        return
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing the graphics libraries that Blender needs:", " ".join(DEBIAN_PACKAGES), flush=True)
        quiet = clean_environment(DEBIAN_FRONTEND="noninteractive")
        with _APT:
            run(["apt-get", "update", "-qq"], env=quiet)
            run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *DEBIAN_PACKAGES], env=quiet)
    error = output_of([python, "-c", "import bpy"]).stderr
    if "cannot open shared object file" in error:
        missing = error.strip().splitlines()[-1]
        raise DevError(f"Blender needs system libraries ({missing}). On Debian or Ubuntu: sudo apt-get install {' '.join(DEBIAN_PACKAGES)}")
