"""HTTPS with a certificate that people have made themselves, by OpenSSL's own program."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from relay_desk import TOKEN, Relay
from service_desk import Server

from img23d_protocol.messages import Diagnose, Finished, Level, Status

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the program openssl is not installed")


def made(folder: Path, name: str, told: str) -> tuple[Path, Path]:
    """A certificate and its key, as docs/laptop_and_workstation.md says."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=workstation", "-addext", f"subjectAltName={told}"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def found(folder: Path, address: str, certificate: Path | None) -> tuple[Level, str]:
    with Relay(folder, address, token=TOKEN, certificate=certificate) as relay:
        relay.hello()
        relay.send(Diagnose(job="d"))
        (one,) = relay.last("d").findings
        return one.level, one.sentence


def test_a_server_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    own, key = made(tmp_path, "own", "IP:127.0.0.1")
    other, _ = made(tmp_path, "other", "IP:127.0.0.1")
    named, named_key = made(tmp_path, "named", "DNS:workstation")
    settings = {"IMG23D_SERVE_TOKEN": TOKEN, "IMG23D_SERVE_CERTIFICATE": str(own), "IMG23D_SERVE_CERTIFICATE_KEY": str(key)}
    server = Server(tmp_path, settings=settings, token=TOKEN).start()
    address = f"https://127.0.0.1:{server.port}"
    try:
        with Relay(tmp_path / "laptop", address, token=TOKEN, certificate=own) as relay:
            relay.until(lambda one: isinstance(one, Status) and one.devices)
            relay.send(request := relay.job(things=1))
            assert isinstance(relay.last(request.job), Finished)
        for certificate, word in ((None, "not trusted"), (other, "not trusted"), (tmp_path / "no.pem", "cannot be read")):
            level, sentence = found(tmp_path / "without", address, certificate)
            assert level is Level.PROBLEM and word in sentence, sentence
        assert "https://" in found(tmp_path / "plain", address.replace("https", "http"), None)[1]
    finally:
        server.stop()
    server.settings |= {"IMG23D_SERVE_CERTIFICATE": str(named), "IMG23D_SERVE_CERTIFICATE_KEY": str(named_key)}
    server.start()
    try:
        assert "another name" in found(tmp_path / "named", address, named)[1]
    finally:
        server.stop()
