"""Addresses, cookies, spoken passwords and keys leave a report; the version numbers that a helper needs stay in it.

The addresses are those that RFC 5737, RFC 3849, RFC 1918, RFC 4193 and RFC 4291 reserve for documents and for private networks.
"""

from __future__ import annotations

import ipaddress
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_img23d.shared.img23d_protocol.redaction import Names, redact

NOBODY = Names()


@pytest.mark.parametrize("address", ["203.0.113.7", "198.51.100.255", "192.0.2.1", "10.0.0.7", "172.16.254.1", "192.168.178.20", "8.8.8.8"])
@pytest.mark.parametrize(
    "line",
    [
        "connection to {} refused", "http://{}/a", "http://{}:3128", "{}:8080 answered 407", "host='{}', port=443", "('{}', 443)",
        "[Errno 111] {}", "inet {}/24 brd", "proxy {}", "NO_PROXY=localhost,{}", "{}", "x-forwarded-for: {}, and more", "server {} is down",
        "{}.", "my ip is {}", "ssh anna@{}", "DNS {} version 3.1",
    ],
)  # fmt: skip
def test_addresses_of_the_fourth_version(line: str, address: str) -> None:
    text = redact(line.format(address), NOBODY)
    assert address not in text and "<address>" in text


@pytest.mark.parametrize(
    "address",
    [
        "2001:db8::1", "2001:db8:85a3::8a2e:370:7334", "2001:0db8:0000:0000:0000:ff00:0042:8329", "fe80::1ff:fe23:4567:890a%eth0", "fd12:3456:789a:1::1",
        "::ffff:192.0.2.128", "64:ff9b::192.0.2.33", "ff02::1", "2A02:8070:1::", "fe80::1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("line", ["connection to {} refused", "https://[{}]:8443/a", "('{}', 443, 0, 0)", "inet6 {}/64 scope", "{}", "peer={},"])
def test_addresses_of_the_sixth_version(line: str, address: str) -> None:
    text = redact(line.format(address), NOBODY)
    assert address.split("%")[0] not in text and "<address>" in text and "192.0.2" not in text


@given(address=st.ip_addresses(network="2000::/3"))
@settings(max_examples=60, deadline=None)
def test_any_address_of_the_sixth_version(address: ipaddress.IPv6Address) -> None:
    assert str(address) not in redact(f"peer {address} and {address.exploded}", NOBODY)
    assert address.exploded not in redact(f"peer {address.exploded}", NOBODY)


@given(address=st.ip_addresses(v=4).filter(lambda one: not one.is_loopback and int(one) not in (0, 2**32 - 1)))
@settings(max_examples=60, deadline=None)
def test_any_address_of_the_fourth_version(address: ipaddress.IPv4Address) -> None:
    assert str(address) not in redact(f"cannot connect to {address}: timed out", NOBODY)


@pytest.mark.parametrize("line", ["aa:bb:cc:dd:ee:ff", "link/ether 02:42:AC:11:00:02 brd"])
def test_the_hardware_addresses_of_network_cards(line: str) -> None:
    assert "<address>" in redact(line, NOBODY) and "42:A" not in redact(line, NOBODY) and "dd:ee" not in redact(line, NOBODY)


@pytest.mark.parametrize(
    "line",
    [
        "Blender 4.5.15.0, Python 3.11.7, Linux-6.1.0-x86_64",
        "Blender 4.5.15.0",
        "version 4.5.15.0",
        "Version: 4.5.15.0",
        "{'version': '4.5.15.0'}",
        "driver 580.65.06, CUDA 13.0",
        "NVIDIA driver 31.0.15.25",
        "Driver Version: 31.0.101.44",
        "NVIDIA-SMI 580.65.06 Driver Version: 580.65.06 CUDA Version: 13.0",
        "opencv-python-headless==4.11.0.86",
        "opencv_python_headless-4.11.0.86-cp37-abi3-manylinux_2_17_x86_64.whl",
        "opencv: 4.11.0.86",
        "cv2 4.11.0.86",
        "cv2.pyd 4.11.0.86",
        "blender.exe 4.5.15.0",
        "nvidia-cublas-cu12 12.4.5.8",
        "nvidia-cudnn-cu12==9.1.0.70",
        "libcublas.so.12.4.5.8",
        "libcudnn.so.9.1.0.70: cannot open",
        "torch 2.13.0.1+cu130",
        "4.5.15.0+cu130",
        "v1.2.3.4",
        "uv 0.13.9.1 (abc 2026-01-01)",
        "numpy>=1.26.4.1,<2.0.0.0",
        "Windows-10-10.0.19045.0",
        "1.2.3.4.5",
        "10.0.22631.4460",
        "macOS 15.1, 24B83",
        "10:23:45 INFO job 12:34:56.789",
        "2026-11-22 09:57:16",
        "torch::jit::Tensor at::native::cat c10::detail std::vector c10::add",
        "localhost 127.0.0.1:7890 0.0.0.0 [::1]:80",
        "12:34",
        "ratio 1:2:3:4",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "box 0.1, 0.2, 0.3, 0.4",
        "slice a[::2] b[1::3]",
    ],
)
def test_versions_and_times_stay(line: str) -> None:
    assert redact(line, NOBODY) == line


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("Cookie: session=s3cretvalue; theme=dark9876", "Cookie:"),
        ("> cookie: a=s3cretvalue", "> cookie:"),
        ("Set-Cookie: id=s3cretvalue; Path=/; HttpOnly\nnext line", "next line"),
        ("{'Set-Cookie': 'id=s3cretvalue; Path=/', 'Server': 'nginx'}", "nginx"),
        ('{"cookie": "id=s3cretvalue", "x": 1}', '"x": 1'),
        ("cookies={'id': 's3cretvalue', 'b': 's3cretvalue'} url=/a", "url=/a"),
        ("curl --cookie id=s3cretvalue https://x.example/a", "https://x.example/a"),
        ("<Cookie id=s3cretvalue for .hub.example/>", "Cookie"),
        ("sessionid=s3cretvalue; x", "sessionid="),
        ("JSESSIONID: s3cretvalue", "JSESSIONID"),
        ("csrftoken=s3cretvalue&a=1", "a=1"),
        ('Cookie: ""; id=s3cretvalue', "Cookie:"),
    ],
)
def test_cookies(line: str, kept: str) -> None:
    text = redact(line, NOBODY)
    assert "s3cretvalue" not in text and kept in text and "dark9876" not in text


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("the password is hunter2", "hunter2"),
        ("password is: hunter2, try it", "hunter2"),
        ("Password is 'hun ter2' for anna", "hun ter2"),
        ("my passphrase is correct horse battery staple\nnext", "battery staple"),
        ("the new password will be hunter2", "hunter2"),
        ("password for proxy is hunter2", "hunter2"),
        ("Das Passwort ist hunter2.", "hunter2"),
        ("Kennwort lautet hunter2", "hunter2"),
        ("PIN is 4711-99", "4711-99"),
        ("api key is abcdef123456", "abcdef123456"),
        ("the token was abcdef123456", "abcdef123456"),
        ("secret: hunter2", "hunter2"),
        ("passphrase=hunter2", "hunter2"),
    ],
)
def test_passwords_in_words(line: str, secret: str) -> None:
    text = redact(line, NOBODY)
    assert secret not in text and "<removed>" in text and ("next" in text) == ("next" in line)


@pytest.mark.parametrize(
    "line",
    [
        "the password is wrong", "password is missing: set it", "The token is not valid.", "the password was refused", "token is expired",
        "a password is needed", "missing key: blocks.0.weight", "The proxy refused the download: set HTTPS_PROXY with your name and password, and start",
        "max_position_embeddings and 77 tokens", "token 5 of 77", "the pin is at 3", "the tokenizer is loaded",
    ],
)  # fmt: skip
def test_what_is_said_of_passwords_stays(line: str) -> None:
    assert redact(line, NOBODY) == line


BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\nNMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s+CLOyS56YyCFGeJZ"
LABELS = ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "CERTIFICATE", "PGP PRIVATE KEY BLOCK"]


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("form", ["plain", "escaped", "windows", "cut_before", "cut_after"])
def test_private_keys(label: str, form: str) -> None:
    text = f"-----BEGIN {label}-----\n{BODY}\n-----END {label}-----"
    match form:
        case "escaped":
            text = text.replace("\n", "\\n")
        case "windows":
            text = text.replace("\n", "\r\n")
        case "cut_before":  # the end of a log may begin in the middle
            text = text.split("\n", 2)[2]
        case "cut_after":
            text = text.rsplit("\n", 2)[0]
    done = redact(f"before\n{text}\nafter it all", NOBODY)
    assert not any(line[:20] in done for line in BODY.splitlines() if line in text or form in ("escaped", "windows"))
    assert done.startswith("before") and done.endswith("after it all")


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("Authorization: token abc123", "abc123"),
        ("Proxy-Authorization: Negotiate YIIabc==", "YIIabc"),
        ("'authorization': 'Custom abc123 def456'", "def456"),
        ("bearer abc12345", "abc12345"),
        ("HTTPS_PROXY=anna:geheim@proxy.example:3128", "geheim"),
        ("proxy anna:geheim@10.0.0.7:3128", "geheim"),
        ("https://anna:geheim@hub.example/x", "geheim"),
        ("ftp://geheim@hub.example/x", "geheim"),
        ("https://x.blob.example/a?sv=2024&sig=AbCd%2Fgeheim%3D&se=1", "geheim"),
    ],
)
def test_logins_and_headers(line: str, secret: str) -> None:
    assert secret not in redact(line, NOBODY)


PARTS = [
    *"/\\:@= \n.;'\"{[", "Cookie: ", "password is ", "10.0.0.7", "2001:db8::1", "::", "version ", "-----BEGIN RSA PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0BAQEF",
    "-----END RSA PRIVATE KEY-----", "Authorization: ", "<removed>", "<address>", "anna", "1.2", "token is ", "https://", "cookies=", "not",
]  # fmt: skip


@given(text=st.lists(st.sampled_from(PARTS), max_size=14).map("".join))
@settings(max_examples=400, deadline=None)
def test_twice_is_once(text: str) -> None:
    once = redact(text, NOBODY)
    assert redact(once, NOBODY) == once


@pytest.mark.parametrize(
    "unit",
    [
        "-----BEGIN RSA PRIVATE KEY-----\n", "A" * 30 + "\n", "A" * 5000, "A1 ", "2001:", "1.2.3.", "password is ", "password ", "cookie: ", "a:b@", "://a@",
        "authorization: x ", "token=", "is is is ", "eyJ-", "a.b@", "--cookie ", "<Cookie ", "/home/", " " * 500, "-----END KEY-----",
    ],
    ids=lambda unit: repr(unit[:12]),
)  # fmt: skip
def test_no_text_takes_long(unit: str) -> None:
    """A log of a megabyte may be all of one kind."""
    text = unit * (100_000 // len(unit))
    begun = time.process_time()
    redact(text, NOBODY)
    assert time.process_time() - begun < 3.0
