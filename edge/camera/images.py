"""Still images: any file that OpenCV reads becomes ``(height, width, 3)`` uint8 BGR."""

from __future__ import annotations

import zlib
from pathlib import Path

import cv2
import numpy as np

from edge.camera.files import check_file
from edge.camera.quiet import quieten_opencv
from edge.errors import InputError
from edge.values import Image

_JPEG_START = b"\xff\xd8"
_JPEG_END = 0xD9
_JPEG_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND"


def read_image(path: Path) -> Image:
    """Read ``path`` upright (EXIF orientation applied) as BGR uint8.

    Grey is repeated in all three channels, 16-bit values are scaled to 8 bits, and an alpha channel is ignored.

    Raises
    ------
    InputError
        the file is missing, empty, cut off, damaged or no image
    """
    check_file(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}. Check its permissions") from error
    if fault := find_fault(data):
        raise InputError(f"{path}: damaged image: {fault}. Copy or record it again")
    image = _decode(data)
    if image is None:
        raise InputError(f"{path}: not an image that can be read; expected JPEG, PNG, WebP, BMP, TIFF or PPM, whole")
    return image


def find_fault(data: bytes) -> str:
    """What is wrong with the file's structure; empty for a sound file and for every format but JPEG and PNG.

    Decoders make a grey or striped picture of a JPEG that was cut off, and complain on standard error only.
    """
    if data.startswith(_JPEG_START):
        return "" if _jpeg_is_whole(data) else "the JPEG is cut off"
    if data.startswith(_PNG_START):
        return _png_fault(data)
    return ""


def _decode(data: bytes) -> Image | None:
    quieten_opencv()
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # the size in the header is beyond OpenCV's limit, or memory doesn't suffice
        return None
    return None if image is None or image.dtype != np.uint8 else image


def _jpeg_is_whole(data: bytes) -> bool:
    """Whether the segments lead to an end-of-image marker (ITU-T T.81, annex B); anything may follow it."""
    at = len(_JPEG_START)
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        marker = data[at + 1]
        if marker == _JPEG_END:
            return True
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker == 0 or marker in _JPEG_WITHOUT_LENGTH:  # stuffed byte or restart within a scan
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def _png_fault(data: bytes) -> str:
    """What is wrong with the chunks of a PNG (ISO/IEC 15948, section 5): length, type, data and CRC of each."""
    view = memoryview(data)
    at = len(_PNG_START)
    while at + 12 <= len(data):
        length = int.from_bytes(view[at : at + 4], "big")
        end = at + 8 + length
        kind = bytes(view[at + 4 : at + 8])
        if end + 4 > len(data):
            break
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            return f"the PNG's chunk {kind!r} at byte {at} fails its checksum"
        if kind == _PNG_END:
            return ""
        at = end + 4
    return "the PNG is cut off"
