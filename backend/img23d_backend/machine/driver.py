"""What the graphics driver says of itself."""

from __future__ import annotations

from . import nvidia


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
    rows = nvidia.ask("driver_version")
    return rows[0][0] if rows else ""
