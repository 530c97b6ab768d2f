"""Pictures inside office files: what they say beside the picture (place, camera, author) is cut out."""

import struct

_JPEG_KEPT = frozenset({0xE0, 0xE2, 0xEE})
"""JFIF, colour profile and Adobe's colour transform; APP1 (EXIF, XMP), APP13 and comments go."""
_PNG_DROPPED = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})
_PNG = b"\x89PNG\r\n\x1a\n"


def without_metadata(data: bytes) -> bytes:
    """Return a JPEG or PNG without its metadata; other pictures, and damaged ones, as they are."""
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(_PNG):
        return _png(data)
    return data


def _jpeg(data: bytes) -> bytes:
    kept = bytearray(data[:2])
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xDA:  # the picture itself follows, to the end
            return bytes(kept) + data[position:]
        (length,) = struct.unpack(">H", data[position + 2 : position + 4])
        end = position + 2 + length
        is_dropped = marker == 0xFE or (0xE0 <= marker <= 0xEF and marker not in _JPEG_KEPT)
        if length < 2 or end > len(data):
            return data
        if not is_dropped:
            kept += data[position:end]
        position = end
    return data


def _png(data: bytes) -> bytes:
    kept = bytearray(_PNG)
    position = len(_PNG)
    while position + 12 <= len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        kind = data[position + 4 : position + 8]
        end = position + 12 + length
        if end > len(data):
            return data
        if kind not in _PNG_DROPPED:
            kept += data[position:end]
        position = end
        if kind == b"IEND":
            return bytes(kept)
    return data
