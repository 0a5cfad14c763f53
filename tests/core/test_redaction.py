"""A report can be pasted into a public page: nothing in it names a person or opens a door."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from blender_img23d.shared.img23d_protocol.redaction import Names, own_names, redact

NOBODY = Names()
# What a person, a user or a machine may be called: letters of several alphabets, digits and what lies between words
NAMES = st.from_regex(r"[A-Za-zÄÖÜäöüßéçñŁłЖдλ山][A-Za-z0-9ÄÖÜäöüßéçñŁłЖдλ山._-]{3,14}", fullmatch=True).map(lambda name: name.rstrip("._-"))
WITH_BLANKS = st.tuples(NAMES, NAMES).map(" ".join)
REST = st.sampled_from(["Documents", "my photos", ".cache", "AppData", "img23d"])
SECRETS = st.text("ABCDEFabcdef0123456789", min_size=16, max_size=40)
# Texts of the report itself, in which any name may by chance be found
WORDS = "home users media documents and settings file path c appdata cache img photos my is full user host removed address".split()


def differs(name: str) -> None:
    """Not a name that the report's own words hold."""
    assume(len(name) > 3 and not any(name.lower() in word or word in name.lower() for word in WORDS if len(word) > 2))


@pytest.mark.parametrize(
    "path",
    [
        "/home/{}/{}/a.png",
        "/var/home/{}/{}",
        "/Users/{}/{}/a.png",
        "/media/{}/{}/disk",
        r"C:\Users\{}\{}\a.png",
        r"C:\\Users\\{}\\{}\\a.png",
        r"D:\Documents and Settings\{}\{}",
        "C:/Users/{}/{}/a.png",
        r"\\?\C:\Users\{}\{}",
        "file:///home/{}/{}/a.png",
        "PosixPath('/home/{}/{}/a')",
    ],
)
@given(name=NAMES | WITH_BLANKS, rest=REST)
@settings(max_examples=10, deadline=None)
@example(name="John Doe", rest=".cache")
def test_anybodys_folder(path: str, name: str, rest: str) -> None:
    differs(name)
    text = redact(f"it is {path.format(name, rest)} that is full", NOBODY)
    assert name not in text and rest in text and "that is full" in text


@given(name=NAMES | WITH_BLANKS)
@settings(max_examples=25, deadline=None)
@example(name="José García")
def test_in_links_and_in_the_short_names_of_windows(name: str) -> None:
    differs(name)
    coded = quote(name, safe="")
    short = name.replace(" ", "").replace(".", "")[:6].upper() + "~1"
    text = redact(f"%2Fhome%2F{coded}%2Fa C%3A%5CUsers%5C{coded}%5Ca C:\\Users\\{short}\\AppData {coded}", Names(users=(name,)))
    assert coded not in text and short not in text and text.count("<user>") >= 4


@given(name=NAMES | WITH_BLANKS, host=NAMES)
@settings(max_examples=25, deadline=None)
def test_ones_own_name_anywhere(name: str, host: str) -> None:
    differs(name)
    differs(host.split(".")[0])  # which counts as the machine's short name
    assume(host.lower() not in name.lower() and name.lower() not in host.lower())
    names = Names(users=(name,), homes=(f"/data/people/{name}",), hosts=(f"{host}.example.org",))
    text = redact(f"/data/people/{name}/x, {name}_3.png, {name.upper()} on {host}.example.org and {host}", names)
    assert not re.search(re.escape(name), text, re.IGNORECASE) and host not in text
    assert "/data/people/<user>/x" in text


@given(secret=SECRETS, name=st.sampled_from(["HF_TOKEN", "token", "api_key", "X-Amz-Signature", "password", "AWS_SECRET_ACCESS_KEY", "key"]))
@settings(max_examples=25, deadline=None)
def test_secrets_by_their_names(secret: str, name: str) -> None:
    assert secret not in redact(f"GET /a?{name}={secret}&x=1", NOBODY)
    if name != "key":
        assert secret not in redact(f'{{"{name}": "{secret}", "x": 1}} {name}: {secret}', NOBODY)


@pytest.mark.parametrize(
    "secret",
    [
        "hf_abcdefghijklmnopqrst",
        "sk-proj-abcdefgh12345678",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyD-abcdefghijklmnopqrstuvwxyz12345",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        "Authorization: Bearer abc.def-ghi_123",
        "Basic dXNlcjpwYXNz",
        "anna.schmidt+3d@studio.example.com",
    ],
)
def test_secrets_by_their_looks(secret: str) -> None:
    text = redact(f"before {secret} after", NOBODY)
    assert secret.split()[-1] not in text and text.startswith("before") and text.endswith("after")


@pytest.mark.parametrize("login", ["anna:geheim", "anna:ge@heim", "anna", "a%40b:p%2Fw"])
def test_logins_of_proxies(login: str) -> None:
    text = redact(f"HTTPS_PROXY=http://{login}@proxy.example:3128 failed", NOBODY)
    assert text == "HTTPS_PROXY=http://<removed>@proxy.example:3128 failed"


@pytest.mark.parametrize("path", [r"\\nas-of-anna\pictures\a.png", r"'\\\\nas-of-anna\\pictures'"])
def test_shares_of_other_machines(path: str) -> None:
    assert "<host>" in redact(path, NOBODY) and "anna" not in redact(path, NOBODY)


def test_what_helps_stays() -> None:
    text = (
        "Blender 4.5.3, Python 3.11.7, Linux-6.1.0-x86_64\ntorch: 2.13.0+cu130\nmissing key: blocks.0.weight\n"
        "https://huggingface.co/Qwen/Qwen3-VL-2B/resolve/main/a.safetensors\n/usr/lib/python3.11/site-packages/numpy\n"
        "weights hunyuan3d-2mini-turbo: ready\nKeyError: 'faces'\n/tmp/img23d/runs/20260101-101010-mug-ab12"
    )
    assert redact(text, NOBODY) == text


@given(text=st.text() | st.lists(st.sampled_from([*"/\\:@= \n", "home", "Users", "anna", "token", "C:", "http://", "%2F", "~1"])).map("".join))
@settings(max_examples=120, deadline=None)
def test_twice_is_once(text: str) -> None:
    names = Names(users=("anna",), homes=("/data/anna",), hosts=("turm",))
    once = redact(text, names)
    assert redact(once, names) == once


def test_this_machines_own_names_are_taken_out() -> None:
    names = own_names()
    text = f"{' '.join(names.homes)} {' '.join(names.users)} {' '.join(names.hosts)}"
    assert all(name not in redact(text) for name in (*names.homes, *names.users, *names.hosts))
