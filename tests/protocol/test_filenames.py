"""Names that break file systems."""

from __future__ import annotations

import pytest

from img23d_protocol.files.filenames import LONGEST, safe_stem


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("cup", "cup"),
        ("red mug", "red_mug"),
        ('a/b\\c:d*e?f"g<h>i|j', "a_b_c_d_e_f_g_h_i_j"),
        ("../../etc/passwd", "etc_passwd"),
        ("two\nlines\tand\x00more", "two_lines_and_more"),
        ("ends with a dot. ", "ends_with_a_dot"),
        ("con", "_con"),
        ("LPT1.png", "_LPT1.png"),
        ("console", "console"),
        ("кружка 杯子 กา", "кружка_杯子_กา"),
        ("u\u0308ber", "über"),  # macOS hands names out decomposed
        ("left\u202eright", "left_right"),  # no turning of the text's direction
        ("", "object"),
        ("///", "object"),
        ("...", "object"),
        ("bad\udc80byte", "bad_byte"),
    ],
)
def test_safe_stem(text: str, stem: str) -> None:
    assert safe_stem(text) == stem


def test_a_long_name_is_cut_and_still_ends_well() -> None:
    stem = safe_stem("x" * (LONGEST - 1) + ". and more")
    assert stem == "x" * (LONGEST - 1)


def test_a_long_name_of_any_script_fits_a_file_system() -> None:
    assert len(safe_stem("\U00020000" * 500).encode()) <= 200


def test_the_name_can_be_made(tmp_path) -> None:
    for text in ("con", "a" * 300, "杯" * 300, 'we"ird/na\\me?.', " .hidden"):
        (tmp_path / safe_stem(text)).touch()
    assert len(list(tmp_path.iterdir())) == 5
