"""The list under *PyTorch For* in the preferences."""

from __future__ import annotations

import sys

import bpy
from conftest import PACKAGE


def test_the_builds_of_pytorch_that_exist_can_be_chosen(owner):
    machine = bpy.context.preferences.addons[PACKAGE].preferences
    offered = [item.identifier for item in machine.bl_rna.properties["torch_build"].enum_items]
    by_system = {
        "linux": ["auto", "cuda", "cu126", "cu130", "cu132", "rocm", "xpu", "cpu"],
        "win32": ["auto", "cuda", "cu126", "cu130", "cu132", "xpu", "cpu"],
        "darwin": ["auto", "mps", "cpu"],
    }
    assert offered == by_system[sys.platform] and machine.torch_build == "auto"
    numbers = {item.identifier: item.value for item in machine.bl_rna.properties["torch_build"].enum_items}
    was = {"auto": 0, "cuda": 1, "rocm": 2, "xpu": 3, "mps": 4, "cpu": 5}  # what older preferences have stored
    assert all(numbers[name] == was[name] for name in numbers if name in was)
