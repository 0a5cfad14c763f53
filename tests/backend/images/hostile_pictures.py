"""Files that hurt a decoder, byte by byte from the formats' specifications: nothing here is made by the code under test.

Sources: PNG (third edition), GIF89a, RFC 9649 (WebP), ITU T.81 (JPEG), Exif 2.32, TIFF 6.0, libtiff's description of BigTIFF,
Microsoft's BITMAPINFOHEADER.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

Chunk = tuple[bytes, bytes]

# --- PNG --------------------------------------------------------------------------------------------------------------


def png(
    width: int, height: int, raw: bytes, *, bits: int = 8, color: int = 2, interlace: int = 0, before: Sequence[Chunk] = (), after: Sequence[Chunk] = ()
) -> bytes:
    """`raw` is every row after its filter byte, before deflate; chunks `before` and `after` IDAT."""
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, interlace)
    return png_of([(b"IHDR", header), *before, (b"IDAT", zlib.compress(raw, 9)), *after, (b"IEND", b"")])


def png_of(chunks: Sequence[Chunk]) -> bytes:
    body = b"".join(struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content)) for kind, content in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def rows(width: int, height: int, channels: int = 3, filter: int = 0) -> bytes:
    """A slope in each channel."""
    return b"".join(bytes([filter]) + bytes((x * 3 + y * 5 + c * 40) % 256 for x in range(width) for c in range(channels)) for y in range(height))


def frame_control(number: int, width: int, height: int, left: int, top: int) -> Chunk:
    return b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, left, top, 1, 10, 0, 0)


def apng_with_a_frame_outside(side: int = 32) -> bytes:
    """The second frame is said to be a thousand times larger than the picture."""
    frame = struct.pack(">I", 2) + zlib.compress(rows(side, side))
    return png(
        side,
        side,
        rows(side, side),
        before=[(b"acTL", struct.pack(">II", 2, 0)), frame_control(0, side, side, 0, 0)],
        after=[frame_control(1, side * 1000, side * 1000, 0, 0), (b"fdAT", frame)],
    )


def apng_with_a_first_frame_outside(side: int = 32) -> bytes:
    frame = struct.pack(">I", 2) + zlib.compress(rows(side, side))
    return png(
        side,
        side,
        rows(side, side),
        before=[(b"acTL", struct.pack(">II", 2, 0)), frame_control(0, 7, 60000, side - 1, 0xFFFFFFF0)],
        after=[frame_control(1, side, side, 0, 0), (b"fdAT", frame)],
    )


def apng_with_a_bad_filter(side: int = 32, filter: int = 77) -> bytes:
    frame = struct.pack(">I", 2) + zlib.compress(rows(side, side, filter=filter))
    return png(
        side,
        side,
        rows(side, side, filter=filter),
        before=[(b"acTL", struct.pack(">II", 2, 0)), frame_control(0, side, side, 0, 0)],
        after=[frame_control(1, side, side, 0, 0), (b"fdAT", frame)],
    )


def png_of_one_bit(side: int = 30_000) -> bytes:
    """900 megapixels in 117 kilobytes: black, with one white row."""
    stride = 1 + (side + 7) // 8
    packer = zlib.compressobj(9)
    body = packer.compress(b"\0" + b"\xff" * (stride - 1)) + b"".join(packer.compress(bytes(stride)) for _ in range(side - 1))
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return png_of([(b"IHDR", header), (b"IDAT", body + packer.flush()), (b"IEND", b"")])


def png_of_nothing(width: int, height: int, *, bits: int, color: int) -> bytes:
    """A white row, the rest zeros: the most that deflate can pack."""
    stride = (width * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color] * bits + 7) // 8
    packer = zlib.compressobj(9)
    body = packer.compress(b"\0" + b"\xff" * stride) + b"".join(packer.compress(bytes(stride + 1)) for _ in range(height - 1))
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return png_of([(b"IHDR", header), (b"IDAT", body + packer.flush()), (b"IEND", b"")])


def png_of_16_bits_up_to_255(side: int = 32) -> bytes:
    raw = b"".join(b"\0" + struct.pack(f">{3 * side}H", *((x * 8, y * 8, 128)[c] for x in range(side) for c in range(3))) for y in range(side))
    return png(side, side, raw, bits=16)


# --- JPEG and Exif ----------------------------------------------------------------------------------------------------


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


def with_segment(jpeg: bytes, new: bytes) -> bytes:
    """Behind the start-of-image marker."""
    return jpeg[:2] + new + jpeg[2:]


def tiff_directory(entries: Sequence[bytes], order: str = "<") -> bytes:
    """A TIFF's header and its first directory, at byte 8; there is no second."""
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HIH", 42, 8, len(entries)) + b"".join(entries) + bytes(4)


def entry(tag: int, kind: int, count: int, value: int | bytes, order: str = "<") -> bytes:
    packed = value.ljust(4, b"\0") if isinstance(value, bytes) else struct.pack(order + "I", value)
    return struct.pack(order + "HHI", tag, kind, count) + packed


def exif_of_overlapping_tags() -> bytes:
    """5,400 tags that each have the whole segment as their value, again and again: gigabytes once each is read."""
    entries = [entry(tag, 1, 64_000, 8) for tag in range(0x9300, 0x9300 + 5400)]
    return segment(0xE1, b"Exif\0\0" + tiff_directory(entries)[:65_500])


def exif_with_an_empty_orientation() -> bytes:
    return segment(0xE1, b"Exif\0\0" + tiff_directory([entry(0x0112, 3, 0, 6)]))


def jpeg_of_nothing(width: int, height: int, *, frame: int = 0xC0, scans: int = 1, components: int = 3) -> bytes:
    """Each block is of one bit (category 0), given as zero bytes for `scans` scans, of which the first alone has any."""
    table = segment(0xDB, b"\0" + bytes([16] * 64))
    parts = b"".join(bytes([i + 1, 0x11, 0]) for i in range(components))
    header = segment(frame, struct.pack(">BHHB", 8, height, width, components) + parts)
    one_code = bytes([1] + [0] * 15) + b"\0"  # one code of one bit, for 0
    codes = segment(0xC4, b"\x00" + one_code + b"\x10" + one_code)
    chosen = b"".join(bytes([i + 1, 0]) for i in range(components))
    end = b"\0\0\0" if frame == 0xC2 else b"\0\x3f\0"  # progressive: the first coefficient alone
    scan = segment(0xDA, bytes([components]) + chosen + end)
    return b"\xff\xd8" + table + header + codes + scan + bytes(20_000) + scan * (scans - 1) + b"\xff\xd9"


# --- TIFF -------------------------------------------------------------------------------------------------------------


def tiff_of_overlapping_tags(entries: int = 65_000) -> bytes:
    """780 kilobytes of tags that each have half the file as their value."""
    sizes = [entry(256, 3, 1, 64), entry(257, 3, 1, 64)]
    return tiff_directory([*sizes, *(entry(tag, 1, 390_000, 8) for tag in range(300, entries))])


def tiff_of_nothing(width: int, height: int, *, rows_a_strip: int) -> bytes:
    """RGB by deflate, all zeros but one pixel; each strip is the same bytes of the file."""
    strip = zlib.compress(b"\xff" + bytes(width * 3 * rows_a_strip - 1), 9)
    count = -(-height // rows_a_strip)
    body = strip + struct.pack("<3H", 8, 8, 8) + struct.pack(f"<{count}I", *[8] * count) + struct.pack(f"<{count}I", *[len(strip)] * count)
    bits = 8 + len(strip)
    places, lengths = bits + 6, bits + 6 + 4 * count
    entries = [
        entry(256, 4, 1, width),
        entry(257, 4, 1, height),
        entry(258, 3, 3, bits),
        entry(259, 3, 1, 8),
        entry(262, 3, 1, 2),
        entry(273, 4, count, places if count > 1 else 8),
        entry(277, 3, 1, 3),
        entry(278, 4, 1, rows_a_strip),
        entry(279, 4, count, lengths if count > 1 else len(strip)),
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory


def tiff(
    width: int,
    height: int,
    pixels: bytes,
    *,
    bits: Sequence[int] = (8, 8, 8),
    photometric: int = 2,
    order: str = "<",
    big: bool = False,
    extra: Sequence[tuple[int, int, int, bytes]] = (),
    pages: int = 1,
) -> bytes:
    """One strip, stored as it is; `extra` entries are (tag, type, count, value's bytes). All pages show the same strip."""
    start = 16 if big else 8
    place, inline = ("Q", 8) if big else ("I", 4)
    body = bytearray(pixels)

    def value(content: bytes) -> bytes:
        if len(content) <= inline:
            return content.ljust(inline, b"\0")
        body.extend(content)
        return struct.pack(order + place, start + len(body) - len(content))

    def short(number: int) -> bytes:
        return struct.pack(order + "H", number)

    plain = [
        (256, 3, 1, short(width)),
        (257, 3, 1, short(height)),
        (258, 3, len(bits), b"".join(map(short, bits))),
        (259, 3, 1, short(1)),
        (262, 3, 1, short(photometric)),
        (273, 4, 1, struct.pack(order + "I", start)),
        (277, 3, 1, short(len(bits))),
        (278, 3, 1, short(height)),
        (279, 4, 1, struct.pack(order + "I", len(pixels))),
    ]
    entries = [struct.pack(order + "HH" + place, tag, kind, count) + value(content) for tag, kind, count, content in sorted([*plain, *extra])]
    first = start + len(body)
    size = struct.calcsize(order + ("Q" if big else "H")) + sum(map(len, entries)) + inline
    tables = b""
    for page in range(pages):
        following = first + (page + 1) * size if page + 1 < pages else 0
        tables += struct.pack(order + ("Q" if big else "H"), len(entries)) + b"".join(entries) + struct.pack(order + place, following)
    mark = b"II" if order == "<" else b"MM"
    head = mark + (struct.pack(order + "HHHQ", 43, 8, 0, first) if big else struct.pack(order + "HI", 42, first))
    return head + bytes(body) + tables


# --- GIF, WebP, BMP ---------------------------------------------------------------------------------------------------


def gif_of_nothing(screen: int = 64, frame: int = 20_000) -> bytes:
    """A frame far larger than its screen: one colour in codes that grow, cleared when the table is full."""
    codes = bytearray()
    bits = count = 0

    def put(code: int, width: int) -> None:
        nonlocal bits, count
        bits |= code << count
        count += width
        while count >= 8:
            codes.append(bits & 255)
            bits, count = bits >> 8, count - 8

    pixels = 0
    while pixels < frame * frame:
        put(4, _put_width(codes, first=not codes and not count))
        width, next_code, length = 3, 6, 1
        put(0, width)
        pixels += 1
        while next_code < 4095 and pixels < frame * frame:  # each code is the one before and one pixel more
            length += 1
            put(next_code, width)
            pixels += length
            next_code += 1
            width += next_code == 1 << width and width < 12
    put(5, 12)
    codes.append(bits & 255)
    blocks = b"".join(bytes([len(codes[i : i + 255])]) + codes[i : i + 255] for i in range(0, len(codes), 255))
    header = b"GIF89a" + struct.pack("<HHBBB", screen, screen, 0x81, 0, 0) + bytes(range(0, 240, 20))
    return header + struct.pack("<BHHHHB", 0x2C, 0, 0, frame, frame, 0) + b"\2" + blocks + b"\0;"


def _put_width(codes: bytearray, *, first: bool) -> int:
    return 3 if first else 12


def riff(*chunks: Chunk) -> bytes:
    body = b"".join(kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2) for kind, content in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def webp_with_a_short_header() -> bytes:
    """A VP8X chunk of 4 bytes, where 10 are due."""
    return riff((b"VP8X", bytes(4)), (b"VP8L", b"\x2f" + bytes(20)))


def webp_of_nothing(width: int = 16_384, height: int = 16_384) -> bytes:
    """VP8L: five prefix codes of a single symbol, so that a pixel takes no bit."""
    value = count = 0
    for number, bits in ((width - 1, 14), (height - 1, 14), (1, 1), (0, 3), (0, 1), (0, 1), (0, 1)):  # no transform, cache, or meta code
        value |= number << count
        count += bits
    for symbol in (200, 100, 50, 255, 0):  # green, red, blue, alpha, distance
        value |= (0b101 | symbol << 3) << count  # simple, one symbol, of 8 bits
        count += 11
    return riff((b"VP8L", b"\x2f" + value.to_bytes((count + 7) // 8 + 4, "little")))


def bmp_of_nothing(width: int = 30_000, height: int = 30_000) -> bytes:
    """RLE8: a white run, then the end of the bitmap at once."""
    palette = bytes([0, 0, 0, 0, 255, 255, 255, 0]) + bytes(254 * 4)
    packed = b"\xff\x01\0\1"
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(packed), 0, 0, 256, 0)
    return struct.pack("<2sIHHI", b"BM", 54 + len(palette) + len(packed), 0, 0, 54 + len(palette)) + info + palette + packed
