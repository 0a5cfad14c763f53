"""What the graphics driver says of itself."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys

log = logging.getLogger(__name__)

_SECONDS = 10.0  # nvidia-smi wakes a sleeping card first


def versions() -> str:
    """A sentence about torch's build and NVIDIA's driver, empty where torch uses no such card. Imports torch."""
    import torch

    if torch.version.hip is not None:
        return f"PyTorch is built for ROCm {torch.version.hip}."
    if torch.version.cuda is None:
        return ""
    driver = nvidia_driver()
    return f"{f'NVIDIA driver {driver}; ' if driver else ''}PyTorch is built for CUDA {torch.version.cuda}."


def nvidia_driver() -> str:
    """Its version, such as "580.82.07"; empty where nvidia-smi, which comes with it, is missing or does not say."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    command = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    no_window = {"creationflags": subprocess.CREATE_NO_WINDOW} if sys.platform == "win32" else {}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True, **no_window)
    except (OSError, subprocess.SubprocessError) as error:
        log.info("nvidia-smi does not say: %s", error)
        return ""
    return done.stdout.strip().partition("\n")[0].strip()
