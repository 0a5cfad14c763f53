"""The environment variables that a program gets from the one that starts it: named one by one, and no more than it needs.

What is not named stays behind, such as UV_PUBLISH_TOKEN, PIP_INDEX_URL with its password, AWS_SECRET_ACCESS_KEY, or the
PYTHONPATH of a studio's pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Group:
    """What is kept for one purpose, in capitals; systems differ in how they write some of them."""

    names: frozenset[str]
    prefixes: tuple[str, ...] = ()

    def keeps(self, name: str) -> bool:
        return name.upper() in self.names or name.upper().startswith(self.prefixes)


# To run at all, to find a home, a temporary folder and a language
SYSTEM = Group(
    names=frozenset({
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH",
        "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA",
        "PROGRAMFILES", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
    }),
    prefixes=("LC_",),
)  # fmt: skip
# To reach the network through a studio's proxy, whose address may hold a password
NETWORK = Group(
    names=frozenset({
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT",
        "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    }),
)  # fmt: skip
# To compute: threads, which cards, and how torch uses their memory
DEVICES = Group(
    names=frozenset({
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER",
        "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HSA_OVERRIDE_GFX_VERSION", "ONEAPI_DEVICE_SELECTOR", "ZE_AFFINITY_MASK",
        "PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_HIP_ALLOC_CONF", "PYTORCH_NO_CUDA_MEMORY_CACHING",
        "PYTORCH_MPS_HIGH_WATERMARK_RATIO", "PYTORCH_MPS_LOW_WATERMARK_RATIO", "PYTORCH_ENABLE_MPS_FALLBACK",
    }),
)  # fmt: skip
# Where the models' files are and come from
WEIGHTS = Group(
    names=frozenset({
        "XDG_CACHE_HOME", "XDG_DATA_HOME", "HUGGINGFACE_HUB_CACHE", "HY3DGEN_MODELS", "IMG23D_HOME", "IMG23D_MODELS", "IMG23D_SOURCES",
        "HF_HOME", "HF_ENDPOINT", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_HUB_DOWNLOAD_TIMEOUT",
        "HF_HUB_ETAG_TIMEOUT", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_VERBOSITY",
    }),
)  # fmt: skip
# The log-in at the hub of models, for what downloads from there
HUB_LOGIN = Group(names=frozenset({"HF_TOKEN", "HF_TOKEN_PATH"}))
# uv's own, only where they are about the network and the sources: others (UV_TARGET, UV_OVERRIDE ...) would lead it elsewhere.
# UV_INDEX_<NAME>_USERNAME and _PASSWORD are the log-in of an index that packages are installed from.
INSTALLER = Group(
    names=frozenset({
        "NETRC", "UV_CACHE_DIR", "UV_LINK_MODE", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL",
        "UV_INDEX", "UV_INDEX_STRATEGY", "UV_PYTHON_INSTALL_MIRROR", "UV_PYTHON_DOWNLOADS", "UV_PYTHON_DOWNLOADS_JSON_URL",
        "UV_CONFIG_FILE", "UV_NO_CONFIG", "UV_CUDA_DRIVER_VERSION", "UV_AMD_GPU_ARCHITECTURE", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS",
        "UV_INSECURE_HOST", "UV_KEYRING_PROVIDER", "UV_CONCURRENT_DOWNLOADS",
        "UV_HTTP_TIMEOUT", "UV_HTTP_CONNECT_TIMEOUT", "UV_HTTP_RETRIES",
    }),
    prefixes=("UV_INDEX_",),
)  # fmt: skip


def kept(inherited: Mapping[str, str], groups: Iterable[Group]) -> dict[str, str]:
    """The variables that are kept for any of the purposes."""
    wanted = tuple(groups)
    return {name: value for name, value in inherited.items() if any(group.keeps(name) for group in wanted)}
