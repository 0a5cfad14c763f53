"""Which arrow may point where."""

from __future__ import annotations

from source import BACKEND, EXTENSION, PROTOCOL, ROOT, Import, Module, is_standard, top

# What Blender brings: zstandard, because its own scripts open compressed .blend files with it.
BLENDER = {"bpy", "bmesh", "mathutils", "gpu", "gpu_extras", "bl_math", "bpy_extras", "bl_ui", "bl_operators", "blf", "idprop", "zstandard"}
# Loaded in seconds, present only where the models are set up: never at module level.
HEAVY = {
    "torch", "torchvision", "transformers", "diffusers", "hy3dgen", "accelerate", "safetensors", "huggingface_hub",
    "tokenizers", "einops", "yaml", "PIL", "scipy", "skimage", "fast_simplification", "trimesh", "ray",
}  # fmt: skip
# The clean-up's libraries, and torch where a rasterizer or a bake may compute on a card; the rest knows NumPy only.
HEAVY_FOR_MESHES = {"scipy", "skimage", "fast_simplification", "torch"}
# Of the extra `serve`: for the HTTP server alone, which the zip leaves out
HTTP = {"starlette", "uvicorn", "pydantic", "pydantic_settings"}
PROTOCOL_IN_EXTENSION = f"{EXTENSION}.shared.{PROTOCOL}"

# Layer of the extension -> layers that it may import besides itself and the protocol, and whether it may know Blender.
EXTENSION_LAYERS: dict[str, tuple[set[str], bool]] = {
    "shared": (set(), False),
    "core": (set(), False),
    "process": ({"core"}, False),
    "properties": ({"core"}, True),  # declarations only, so they may lie below the scene
    "scene": ({"core", "properties"}, True),
    "app": ({"core", "scene", "properties"}, True),
    "operators": ({"app", "core", "scene", "properties"}, True),
    "panels": ({"app", "core", "scene", "properties"}, True),
    "translations": (set(), True),
    "backend_environment": ({"app", "core", "process", "scene", "properties"}, True),  # how a backend is started: registration's right hand
    "registration": (
        {"app", "core", "process", "scene", "properties", "operators", "panels", "backend_environment", "translations"},
        True,
    ),
    "": ({"registration"}, False),  # the package's own __init__
}

# Whom a folder or module of the backend may import besides itself. A folder below another has its own row; whoever may use
# a folder may use what lies below it.
BACKEND_LAYERS: dict[str, set[str]] = {
    "": {"machine.blas_threads"},  # the package's own __init__, through which every way in comes
    "setup_context": set(),
    "stages": {"setup_context"},
    "result_cache": set(),
    "home": set(),
    "machine": set(),
    "setup": {"setup_context", "machine.nvidia"},
    "weights": {"setup_context"},
    "models": {"stages", "machine"},
    "images": {"stages"},  # decode.py and what lies below
    "images.formats": {"images.metadata"},
    "images.metadata": set(),
    "splats": {"stages", "mesh.raster"},
    "mesh": {"stages"},  # glb.py and what lies below
    "mesh.topology": {"stages"},
    "mesh.raster": {"stages", "mesh.topology"},
    "mesh.uv": {"stages", "mesh.topology", "mesh.raster"},
    "mesh.texture": {"stages", "mesh.topology", "mesh.raster", "mesh.uv"},
    "mesh.projection": {"stages", "mesh.topology", "mesh.raster", "mesh.uv", "mesh.texture"},
    "mesh.isosurface": {"stages"},
    "mesh.isosurface.flexicubes": set(),
    "mesh.heightfield": {"stages", "mesh.topology"},
    "cutouts": {"stages"},
    "finding": {"stages"},
    "fields": {"stages", "mesh", "machine", "models", "cutouts"},  # what several engines make, which do not know each other
    "vecset": {"stages", "mesh", "machine", "models", "cutouts", "fields"},  # what TripoSG's family shares
    "editing": {"stages", "machine", "models"},  # what the models that edit pictures have in common
    "arrange": {"stages", "images.metadata"},
    "engines": {"stages", "result_cache", "mesh", "splats", "models", "weights", "machine", "cutouts", "finding", "fields", "editing", "parts", "vecset"},
    "jobs": {
        "__version__",
        "stages",
        "setup_context",
        "result_cache",
        "arrange",
        "cutouts",
        "editing",
        "images",
        "mesh",
        "splats",
        "machine",
        "models",
        "engines",
        "parts",
        "setup",
    },
    "parts": {"stages", "mesh"},  # division.py and what lies below
    "parts.splitting": {"stages", "mesh.topology"},
    "parts.closing": {"stages", "mesh.topology"},
    "parts.files": {"stages", "mesh"},
    "evaluation": {"stages", "mesh", "models"},  # pairs.py and what lies below; lpips.py reads a network
    "evaluation.objects": {"stages", "evaluation.surfaces"},
    "evaluation.surfaces": {"stages", "mesh"},
    "diagnose": {"__version__", "stages", "images", "setup", "weights", "machine", "engines", "jobs"},
    "workers": {"home", "machine.nvidia"},
    "batch": {"images", "machine.memory", "workers"},
    "cluster": {"__version__", "home", "stages", "editing", "engines", "jobs", "workers", "batch.pool"},
    "cluster.deployment": {"service", "cluster"},
    "service": {"__version__", "home", "images", "workers"},
    "pipe": {"__version__", "machine", "engines", "diagnose", "jobs"},
    "cli": {
        "__version__",
        "home",
        "images",
        "weights",
        "engines",
        "evaluation",
        "parts",
        "setup_context",
        "diagnose",
        "jobs",
        "workers",
        "service",
        "batch",
        "cluster",
    },
    "relay": {"__version__", "pipe", "workers"},
    "__main__": {"home", "engines", "pipe", "relay", "cli"},
}
NETWORKS = "networks"  # the folder of an engine whose modules define torch classes, and are themselves imported late


def extension_violations(module: Module) -> list[str]:
    layer = _layer(module.name, EXTENSION)
    if layer not in EXTENSION_LAYERS:
        return [f"{module.name}: there is no layer {layer!r}"]
    return [f"{module.name}:{one.line} imports {one.target}" for one in module.imports() if not _extension_may(layer, one)]


def _extension_may(layer: str, one: Import) -> bool:
    layers, knows_blender = EXTENSION_LAYERS[layer]
    if top(one.target) == EXTENSION:
        is_protocol = one.target.startswith(PROTOCOL_IN_EXTENSION)
        return is_protocol or _layer(one.target, EXTENSION) in layers | {layer}
    if top(one.target) in BLENDER or top(one.target) == "numpy":
        return knows_blender
    return is_standard(one.target)


def backend_violations(module: Module) -> list[str]:
    violations = []
    for one in module.imports():
        reason = _backend_objection(module.name, one)
        if reason:
            violations.append(f"{module.name}:{one.line} imports {one.target}: {reason}")
    return violations


def _backend_objection(name: str, one: Import) -> str:
    first = top(one.target)
    if first in BLENDER or first == EXTENSION:
        return "the backend knows neither Blender nor the extension"
    if first in HEAVY:
        return _heavy_objection(name, one)
    if first == BACKEND:
        return _network_objection(name, one) or _inner_objection(name, one.target)
    if first in HTTP:
        return "" if _layer(name, BACKEND) == "service" else "only in the HTTP server"
    if is_standard(one.target) or first in {"numpy", "cv2", PROTOCOL}:
        return ""
    return "not shipped with the extension"


def _heavy_objection(name: str, one: Import) -> str:
    first = top(one.target)
    if one.is_at_module_level and not _is_network(name):
        return "only inside a function"
    layer = _layer(name, BACKEND)
    if first == "ray" or layer == "cluster":
        return "" if first == "ray" and layer == "cluster" else "Ray, and nothing else that is heavy, is the cluster's"
    if layer == "mesh":
        return "" if top(one.target) in HEAVY_FOR_MESHES else "too heavy for a mesh"
    return "" if layer in {"engines", "models", "fields", "editing", "vecset", "weights", "machine", "evaluation"} else "only in an engine or a model"


def _network_objection(name: str, one: Import) -> str:
    """torch would come along with it."""
    is_early = one.is_at_module_level and _is_network(one.target) and not _is_network(name)
    return "a network is imported inside a function" if is_early else ""


def _inner_objection(name: str, target: str) -> str:
    inner = target.removeprefix(BACKEND).lstrip(".")
    here, there = _layer(name, BACKEND), _layer(target, BACKEND)
    if here == there == "engines":
        mine, other = _engine(name), _engine(target)
        return "an engine does not know another one" if mine and other and mine != other and _is_engine(other) else ""
    row = _row(name.removeprefix(BACKEND).lstrip("."))
    if row is None:
        return f"there is no row for {name}"
    return "" if any(_lies_in(inner, one) for one in BACKEND_LAYERS[row] | {row}) else f"{row} does not know {inner or BACKEND}"


def _row(inner: str) -> str | None:
    """The row of BACKEND_LAYERS for a module, the innermost folder's; None where there is none."""
    return max((one for one in BACKEND_LAYERS if _lies_in(inner, one)), key=len, default=None)


def _lies_in(inner: str, folder: str) -> bool:
    return inner == folder or inner.startswith(f"{folder}.")


def _layer(dotted: str, package: str) -> str:
    """`package.layer.rest` -> `layer`; the package itself is ""."""
    return dotted.removeprefix(package).lstrip(".").partition(".")[0]


def _is_network(dotted: str) -> bool:
    return NETWORKS in dotted.split(".")


def _engine(dotted: str) -> str:
    return dotted.removeprefix(f"{BACKEND}.engines").lstrip(".").partition(".")[0]


def _is_engine(name: str) -> bool:
    return (ROOT / "backend" / BACKEND / "engines" / name).is_dir()
