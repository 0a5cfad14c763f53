"""The addresses of machines in a text: IPv4, IPv6 and those of network cards, but not the versions of programs that look alike.

Four numbers with dots may be either. A helper needs versions (Blender 4.5.15.0, nvidia-cublas-cu12 12.4.5.8), so what stands
before and after the numbers decides; where that says nothing, they count as an address.
"""

from __future__ import annotations

import ipaddress
import re

ADDRESS = "<address>"

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"  # without leading zeros: 580.65.06.01 is a driver's version
_V4 = re.compile(rf"(?<![\w.]){_OCTET}(?:\.{_OCTET}){{3}}(?![\w+]|\.\d)")
_HEX = r"[0-9A-Fa-f]{0,4}"
_V6 = re.compile(rf"(?<![\w:.])(?:{_HEX}:){{2,7}}(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}|{_HEX})(?:%[\w.-]+)?(?!\w)")
_CARD = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])")

# Nobody's: a machine's own and "all of them". A proxy on 127.0.0.1 is worth knowing.
_NOBODYS = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "0.0.0.0/32", "255.255.255.255/32")))
# No program counts its versions like this: RFC 1918 and RFC 3927
_SURELY_V4 = tuple(map(ipaddress.ip_network, ("192.168.0.0/16", "172.16.0.0/12", "169.254.0.0/16")))
# What is in use (RFC 4291, RFC 4193, RFC 6052); C++ names such as c10::add read as addresses outside of these
_IN_USE_V6 = tuple(map(ipaddress.ip_network, ("2000::/3", "fc00::/7", "fe80::/10", "ff00::/8", "::ffff:0:0/96", "64:FF9B::/96")))

_LOOK_BACK = 80  # characters
_WORD_BEFORE = re.compile(r"([A-Za-z][\w.+-]*)[\s:='\"(]{0,4}$")
_VERSIONED = re.compile(
    r"v|ver|[\w.-]*versions?|[\w.-]*drivers?|release|build|pip|uv(?:\.exe)?|windows|macos|"
    r"(?:blender|bpy|python|cv2|cuda|nvidia|cudnn|cublas|cufft|curand|cusolver|cusparse|nccl|rocm|opencv|numpy|scipy|torch|torchvision|triton)[\w.+-]*",
    re.IGNORECASE,
)
_COMPARED = re.compile(r"(?:[=<>!~]=|[\w,]\s*[<>])\s*$")
_IN_A_FILES_NAME = re.compile(r"-(?:py|cp|pp|none|any|\w+-\w+\.whl)|\.(?:whl|tar|zip|dist-info|data)\b")


def without_addresses(text: str) -> str:
    text = _CARD.sub(ADDRESS, text)
    text = _V6.sub(_v6, text)
    return _V4.sub(_v4, text)


def _v6(match: re.Match[str]) -> str:
    found = match[0]
    rest = ":" if found.endswith(":") and not found.endswith("::") else ""  # of the sentence, not of the address
    try:
        address = ipaddress.IPv6Address(found.removesuffix(rest).partition("%")[0])
    except ValueError:  # a time, a slice, a list of numbers
        return found
    return f"{ADDRESS}{rest}" if any(address in network for network in _IN_USE_V6) else found


def _v4(match: re.Match[str]) -> str:
    address = ipaddress.IPv4Address(match[0])
    if any(address in network for network in _NOBODYS):
        return match[0]
    is_sure = any(address in network for network in _SURELY_V4)
    return match[0] if not is_sure and _is_version(match) else ADDRESS


def _is_version(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - _LOOK_BACK) : match.start()]
    if _COMPARED.search(before):
        return True
    if re.search(r"\w[-_]$", before) and _IN_A_FILES_NAME.match(match.string, match.end()):
        return True
    word = _WORD_BEFORE.search(before)
    return word is not None and _VERSIONED.fullmatch(word[1].rstrip("-_.")) is not None
