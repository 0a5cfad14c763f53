"""A program that answers as NVIDIA's nvidia-smi does, for any cards and any age of the driver.

Its answers are as public threads quote them: `--format=csv,noheader[,nounits]` gives a line a card with ", " between; a field
that this driver does not know (compute_cap came with 510) ends it with status 2 and `Field "compute_cap" is not a valid field
to query.` on stdout; a driver that is not loaded with status 9 and `NVIDIA-SMI has failed because it couldn't communicate with
the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.`
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

_SCRIPT = """#!{python}
import json, sys
state = json.loads({state!r})
if state["failure"]:
    print(state["failure"])
    sys.exit(9)
fields = next(word.partition("=")[2].split(",") for word in sys.argv if word.startswith("--query-gpu="))
units = "" if any(word.startswith("--format=") and "nounits" in word for word in sys.argv) else " MiB"
for field in fields:
    if field not in state["fields"]:
        print(f'Field "{{field}}" is not a valid field to query.\\n')
        sys.exit(2)
for card in state["cards"]:
    print(", ".join(str(card[field]) + (units if field == "memory.total" else "") for field in fields))
"""
FIELDS = ["name", "uuid", "memory.total", "driver_version"]
NO_DRIVER = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running."

# name, MiB, compute capability (developer.nvidia.com/cuda-gpus)
GT_710 = ("NVIDIA GeForce GT 710", 2048, "3.5")
GTX_970 = ("NVIDIA GeForce GTX 970", 4096, "5.2")
GTX_1080 = ("NVIDIA GeForce GTX 1080", 8192, "6.1")
V100 = ("Tesla V100-SXM2-16GB", 16384, "7.0")
RTX_2060 = ("NVIDIA GeForce RTX 2060", 6144, "7.5")
RTX_3060 = ("NVIDIA GeForce RTX 3060", 12288, "8.6")
RTX_4090 = ("NVIDIA GeForce RTX 4090", 24564, "8.9")
RTX_5060 = ("NVIDIA GeForce RTX 5060", 8151, "12.0")
RTX_5090 = ("NVIDIA GeForce RTX 5090", 32607, "12.0")


def install(folder: Path, *cards: tuple[str, int, str], driver: str = "580.82.07", failure: str = "") -> None:
    """Put the program into the folder, which stands for the PATH."""
    knows_capability = int(driver.partition(".")[0]) >= 510
    state = {
        "failure": failure,
        "fields": FIELDS + (["compute_cap"] if knows_capability else []),
        "cards": [
            {
                "name": name,
                "uuid": f"GPU-{number:08d}-1111-2222-3333-444444444444",
                "memory.total": mebibytes,
                "compute_cap": capability,
                "driver_version": driver,
            }
            for number, (name, mebibytes, capability) in enumerate(cards)
        ],
    }
    program = folder / "nvidia-smi"
    program.write_text(_SCRIPT.format(python=sys.executable, state=json.dumps(state)), encoding="utf-8")
    program.chmod(0o755)
