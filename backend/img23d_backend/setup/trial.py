"""Run by the new environment's Python before it counts as ready: everything is imported once, and each device computes.

    python -I trial.py [MODULE...]

Writes one JSON object as its last line, or ends with a traceback. A script of its own: the environment knows nothing of the
package. The modules named are only looked for: hy3dgen's own initialisers import what is left out here.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import warnings
from types import ModuleType

NEEDED = (
    "numpy", "cv2", "PIL", "scipy.sparse.csgraph", "fast_simplification", "yaml", "einops",
    "safetensors.torch", "huggingface_hub", "tokenizers", "transformers", "accelerate", "diffusers",
)  # fmt: skip


def main() -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        found = _try_torch()
    found["warnings"] = [str(one.message) for one in warned]
    found |= {"python": sys.version.split()[0], "base": getattr(sys, "_base_executable", "") or sys.executable}
    for name in NEEDED:
        importlib.import_module(name)
    for name in sys.argv[1:]:
        if importlib.util.find_spec(name) is None:
            raise ImportError(f"No module named {name!r}")
    sys.stdout.write(json.dumps(found) + "\n")


def _try_torch() -> dict[str, object]:
    """What torch is built for, and the error of a device that it sees but cannot compute on."""
    torch = importlib.import_module("torch")
    device_error = ""
    for device in _devices(torch):
        try:
            _multiply(torch, device)
        except RuntimeError as error:
            device_error = f"{device}: {error}"
    _multiply(torch, "cpu")
    return {"torch": torch.__version__, "built_for": _built_for(torch), "device_error": device_error}


def _built_for(torch: ModuleType) -> str:
    if torch.version.cuda:
        return "cuda"
    if getattr(torch.version, "hip", None):
        return "rocm"
    if getattr(torch.version, "xpu", None):
        return "xpu"
    return "mps" if torch.backends.mps.is_built() else "cpu"


def _devices(torch: ModuleType) -> list[str]:
    found = [name for name in ("cuda", "xpu") if hasattr(torch, name) and getattr(torch, name).is_available()]
    return found + (["mps"] if torch.backends.mps.is_available() else [])


def _multiply(torch: ModuleType, device: str) -> None:
    """A product of small whole numbers, which no rounding excuses."""
    matrix = torch.arange(64, dtype=torch.float32, device=device).reshape(8, 8) % 4  # [8, 8]
    total = (matrix @ matrix.T).sum().item()
    if total != 1792.0:
        raise RuntimeError(f"{device} computes {total} instead of 1792")


if __name__ == "__main__":
    main()
