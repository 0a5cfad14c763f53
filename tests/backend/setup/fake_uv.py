"""A program in uv's place: it makes real environments, but of packages that are a line each, and writes down what it is asked.

Its folder holds state.json: "fails" are parts of command lines that end with an error, "unknown" the tags of torch builds whose
kernels the graphics card does not know. What it was asked goes to asked.jsonl, with the names of the variables that it got.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

STUBS = {
    "numpy", "cv2", "PIL", "scipy.sparse.csgraph", "fast_simplification", "yaml", "einops", "safetensors.torch",
    "huggingface_hub", "tokenizers", "transformers", "accelerate", "diffusers",
}  # fmt: skip
_TORCH = """
import json, os, pathlib
pathlib.Path(__file__).with_name("variables.json").write_text(json.dumps(sorted(os.environ)))
class _Tensor:
    def __init__(self, device): self.device = device
    def reshape(self, *_): return self
    __mod__ = __matmul__ = lambda self, _: self
    T = property(lambda self: self)
    def sum(self):
        if self.device == "cuda" and {unknown}:
            raise RuntimeError("CUDA error: no kernel image is available for execution on the device")
        return self
    def item(self): return 1792.0
float32 = None
def arange(*_, dtype=None, device=""): return _Tensor(device)
__version__ = "{version}"
class version:
    cuda = {cuda!r}
    hip = xpu = None
class cuda:
    is_available = staticmethod(lambda: {has_cuda})
class backends:
    class mps:
        is_available = is_built = staticmethod(lambda: False)
"""


def install(folder: Path, *, fails: tuple[str, ...] = (), unknown: tuple[str, ...] = ()) -> Path:
    """The program's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "state.json").write_text(json.dumps({"fails": fails, "unknown": unknown}))
    program = folder / "uv"
    program.write_text(f'#!/bin/sh\nIMG23D_FAKE={folder} exec {sys.executable} {__file__} "$@"\n')
    program.chmod(0o755)
    return program


def asked(folder: Path) -> list[dict[str, list[str]]]:
    """What it was asked for, in order, dry runs left out."""
    lines = (folder / "asked.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, lines) if "--dry-run" not in line["words"]]


def main() -> int:
    folder, words = Path(os.environ["IMG23D_FAKE"]), sys.argv[1:]
    state = json.loads((folder / "state.json").read_text())
    with (folder / "asked.jsonl").open("a") as out:
        out.write(json.dumps({"words": words, "variables": sorted(os.environ)}) + "\n")
    if any(part in " ".join(words) for part in state["fails"]):
        print("error: Failed to fetch")
        return 2
    if "venv" in words:
        return subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", words[-1]]).returncode
    if "install" in words and "--dry-run" not in words:
        packages = next(Path(words[words.index("--python") + 1]).parents[1].glob("lib/python3.*/site-packages"))
        for name in STUBS:
            module = packages / name.replace(".", "/")
            module.mkdir(parents=True, exist_ok=True)
            for part in (module, *module.parents):
                if packages in part.parents:
                    (part / "__init__.py").touch()
        _put_torch(packages, words, state["unknown"])
    return 0


def _put_torch(packages: Path, words: list[str], unknown: list[str]) -> None:
    """The version that a requirement or a file of requirements asks for; the index's own build is one for CUDA 13.0."""
    files = [Path(word).read_text() for word in words if word.endswith(".txt")]
    found = re.search(r"\btorch==([\w.+]+)", " ".join([*words, *files]))
    if found is None:
        return
    tag = found[1].partition("+")[2]
    if not tag and "--torch-backend" in words:
        tag = words[words.index("--torch-backend") + 1]
    cuda = None if tag == "cpu" else {"cu126": "12.6", "cu132": "13.2"}.get(tag, "13.0")
    (packages / "torch").mkdir(exist_ok=True)
    version = f"2.13.0+{tag}" if tag else "2.13.0"
    text = _TORCH.format(unknown=tag in unknown, version=version, cuda=cuda, has_cuda=cuda is not None)
    (packages / "torch" / "__init__.py").write_text(text)


if __name__ == "__main__":
    sys.exit(main())
