"""Video files, folders and still images, good and bad."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.camera.errors import SourceClosedError
from edge.camera.fakes import blank
from edge.camera.folder import ImageFolder, natural_order
from edge.camera.images import read_image
from edge.camera.opening import open_source
from edge.camera.orientation import orient
from edge.camera.settings import CameraSettings
from edge.camera.video import VideoFile
from edge.errors import InputError


def write_video(path: Path, frames: int = 30, rate_hz: float = 25.0) -> Path:
    """Motion JPEG whose frame ``i`` has the grey value ``5 * i``."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate_hz, (64, 48))
    for index in range(frames):
        writer.write(blank(5 * index))
    writer.release()
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "clip.mkv")


def write_noise(path: Path, width: int = 64, height: int = 48, dtype: type = np.uint8) -> np.ndarray:
    high = np.iinfo(dtype).max
    image = np.random.default_rng(1).integers(0, high, (height, width, 3), dtype, endpoint=True)
    assert cv2.imwrite(str(path), image)
    return image


def test_a_video_delivers_every_frame_then_ends(video: Path) -> None:
    with open_source(CameraSettings(source=str(video))) as source:
        frames = list(source)
        assert source.read() is None
    assert [round(float(frame.image.mean()) / 5) for frame in frames] == list(range(30))
    assert [frame.t for frame in frames] == pytest.approx([index / 25 for index in range(30)], abs=1e-3)
    assert [frame.index for frame in frames] == list(range(30))
    with pytest.raises(SourceClosedError):
        source.read()


def test_a_video_can_be_opened_again_and_looped(video: Path) -> None:
    source = open_source(CameraSettings(source=str(video), loop=True))
    frames = [source.read() for _ in range(65)]
    source.close()
    assert [frame.index for frame in frames] == list(range(65))
    assert [frame.t for frame in frames] == pytest.approx([index / 25 for index in range(65)], abs=3e-3)
    assert frames[30].image.mean() == frames[0].image.mean()


def test_realtime_plays_a_video_as_a_camera_would(video: Path) -> None:
    source = open_source(CameraSettings(source=str(video)), realtime=True)
    assert source.live
    source.close()
    assert not open_source(CameraSettings(source=str(video))).live


def test_a_truncated_video_is_read_as_far_as_it_goes(video: Path, tmp_path, caplog) -> None:
    data = video.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: len(data) // 2])
    source = VideoFile(cut)
    source.open()
    frames = list(source)
    assert 5 <= len(frames) < 25
    assert f"cut off: ends after {len(frames)} of about 30 frames" in caplog.text
    assert source.is_incomplete


def test_a_whole_video_ends_without_a_warning(video: Path, caplog) -> None:
    source = VideoFile(video)
    source.open()
    list(source)
    assert caplog.text == ""
    assert not source.is_incomplete


def test_garbage_within_a_video_costs_no_more_than_the_frames_it_hits(video: Path, tmp_path) -> None:
    data = bytearray(video.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    damaged = tmp_path / "damaged.mkv"
    damaged.write_bytes(data)
    source = VideoFile(damaged)
    source.open()
    frames = list(source)
    assert len(frames) >= 15
    assert all(later.t > earlier.t for earlier, later in pairwise(frames))


def test_times_without_a_container_are_index_by_rate(tmp_path) -> None:
    raw = tmp_path / "raw.mjpeg"
    raw.write_bytes(b"".join(cv2.imencode(".jpg", blank(value))[1].tobytes() for value in range(0, 50, 5)))
    source = VideoFile(raw)
    source.open()
    assert [frame.t for frame in source] == pytest.approx([index / 25 for index in range(10)], abs=2e-3)


def test_a_size_that_changes_in_mid_stream_passes(tmp_path) -> None:
    raw = tmp_path / "raw.mjpeg"
    images = [blank(100)] * 3 + [blank(100, 128, 96)] * 3
    raw.write_bytes(b"".join(cv2.imencode(".jpg", image)[1].tobytes() for image in images))
    source = VideoFile(raw)
    source.open()
    frames = list(source)
    assert len(frames) == 6
    assert all(frame.image.ndim == 3 and frame.image.min() > 90 for frame in frames)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.mkv", b"", "is empty"),
        ("text.mkv", b"this is not a video\n" * 50, "not a video that can be read"),
        ("numbers_01.avi", b"\x00" * 4096, "not a video that can be read"),
        ("cut.mp4", b"\x00\x00\x00\x20ftypisom" + b"\x00" * 500, "not a video that can be read"),
    ],
)
def test_a_bad_video_is_an_input_error(name: str, content: bytes, message: str, tmp_path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as raised:
        open_source(CameraSettings(source=str(path)))
    assert str(path) in str(raised.value)


def test_opencv_and_ffmpeg_are_quiet_from_the_first_use(video: Path, tmp_path) -> None:
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(video.read_bytes()[:-100])
    (tmp_path / "bad.mkv").write_bytes(b"nothing" * 100)
    (tmp_path / "bad.mp4").write_bytes(b"\x00\x00\x00\x20ftypisom" + b"\x00" * 500)
    program = """
import sys
from pathlib import Path
from edge.camera.video import VideoFile
from edge.errors import InputError
for name in sys.argv[1:]:
    try:
        source = VideoFile(Path(name))
        source.open()
        list(source)
    except InputError:
        pass
"""
    arguments = [sys.executable, "-c", program, str(cut), str(tmp_path / "bad.mkv"), str(tmp_path / "bad.mp4")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


def test_a_folder_in_natural_order_at_its_rate(tmp_path, caplog) -> None:
    for number in (10, 2, 1):
        cv2.imwrite(str(tmp_path / f"img{number}.png"), blank(number))
    (tmp_path / "img3.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no image")
    source = ImageFolder(tmp_path, rate_hz=10)
    source.open()
    frames = list(source)
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [1, 2, 10]
    assert [frame.t for frame in frames] == pytest.approx([0, 0.1, 0.3])
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert source.damaged == 1
    assert "skipped" in caplog.text
    assert "img3.png: is empty" in caplog.text


@pytest.mark.parametrize(
    ("files", "message"),
    [({}, "has no image"), ({"a.txt": b"x"}, "has no image"), ({"a.png": b"x", "b.jpg": b""}, "none of its 2 images")],
)
def test_a_folder_without_a_readable_image(files: dict, message: str, tmp_path) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        list(open_source(CameraSettings(source=str(tmp_path))))


def test_natural_order() -> None:
    names = ["b2", "a10", "a9b10", "a9b9", "A1", "a", "9", "10"]
    assert [path.name for path in natural_order(map(Path, names))] == [
        "9",
        "10",
        "a",
        "A1",
        "a9b9",
        "a9b10",
        "a10",
        "b2",
    ]


@pytest.mark.parametrize(
    ("degrees", "mirror", "expected"),
    [
        (0, False, [[1, 2], [3, 4]]),
        (90, False, [[3, 1], [4, 2]]),
        (180, False, [[4, 3], [2, 1]]),
        (270, False, [[2, 4], [1, 3]]),
        (0, True, [[2, 1], [4, 3]]),
        (90, True, [[1, 3], [2, 4]]),
    ],
)
def test_orient_turns_clockwise_then_mirrors(degrees: int, mirror: bool, expected: list) -> None:
    image = np.dstack([np.array([[1, 2], [3, 4]], np.uint8)] * 3)
    assert orient(image, degrees, mirror)[:, :, 0].tolist() == expected


def test_open_source_orients(video: Path) -> None:
    with open_source(CameraSettings(source=str(video), rotate_degrees=90)) as source:
        assert source.read().image.shape == (64, 48, 3)


def test_colour_grey_and_alpha_images(tmp_path) -> None:
    image = write_noise(tmp_path / "colour.png")
    assert np.array_equal(read_image(tmp_path / "colour.png"), image)
    cv2.imwrite(str(tmp_path / "grey.png"), image[:, :, 0])
    assert np.array_equal(read_image(tmp_path / "grey.png"), np.dstack([image[:, :, 0]] * 3))
    cv2.imwrite(str(tmp_path / "alpha.png"), np.dstack([image, image[:, :, 0]]))
    assert np.array_equal(read_image(tmp_path / "alpha.png"), image)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_16_bit_images_are_scaled(suffix: str, tmp_path) -> None:
    image = write_noise(tmp_path / f"deep{suffix}", dtype=np.uint16)
    assert np.abs(read_image(tmp_path / f"deep{suffix}").astype(int) - image / 257).max() <= 1


@pytest.mark.parametrize(("width", "height"), [(1, 1), (8000, 6000)])
def test_the_smallest_and_a_large_image(width: int, height: int, tmp_path) -> None:
    cv2.imwrite(str(tmp_path / "image.jpg"), blank(77, width, height))
    image = read_image(tmp_path / "image.jpg")
    assert image.shape == (height, width, 3)
    assert image[-1, -1].tolist() == [77, 77, 77]


def test_exif_orientation_is_applied(tmp_path) -> None:
    _, jpeg = cv2.imencode(".jpg", blank(50, 64, 48))
    # APP1: "Exif", big-endian TIFF header, one entry: orientation (0x0112), short, 1 value, 6 = turn 90° clockwise
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    data = jpeg.tobytes()
    path = tmp_path / "turned.jpg"
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    assert read_image(path).shape == (64, 48, 3)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_truncated_image_is_refused_without_noise(suffix: str, share: float, tmp_path, capfd) -> None:
    path = tmp_path / f"image{suffix}"
    write_noise(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError) as raised:
        read_image(path)
    assert str(path) in str(raised.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.jpg", b"", "is empty"),
        ("text.jpg", b"no image at all", "not an image that can be read"),
        ("start.jpg", b"\xff\xd8", "the JPEG is cut off"),
        ("start.png", b"\x89PNG\r\n\x1a\n", "the PNG is cut off"),
    ],
)
def test_what_is_no_image_is_refused(name: str, content: bytes, message: str, tmp_path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_image(tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        read_image(tmp_path / "absent.png")
    with pytest.raises(InputError, match="not a regular file"):
        read_image(tmp_path)


def test_a_flipped_bit_in_a_png_is_found(tmp_path, capfd) -> None:
    write_noise(tmp_path / "image.png")
    data = bytearray((tmp_path / "image.png").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "image.png").write_bytes(data)
    with pytest.raises(InputError, match=r"b'IDAT' at byte \d+ fails its checksum"):
        read_image(tmp_path / "image.png")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("trailer", [b"\0" * 10, b"SEFT" + b"\xff\x00" * 40])
@pytest.mark.parametrize("progressive", [0, 1])
def test_a_jpeg_with_something_after_its_end_is_whole(trailer: bytes, progressive: int, tmp_path) -> None:
    image = np.random.default_rng(2).integers(0, 255, (80, 80, 3), np.uint8)
    parameters = [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive, cv2.IMWRITE_JPEG_RST_INTERVAL, 2]
    _, jpeg = cv2.imencode(".jpg", image, parameters)
    (tmp_path / "image.jpg").write_bytes(jpeg.tobytes() + trailer)
    assert read_image(tmp_path / "image.jpg").shape == (80, 80, 3)


def test_the_shared_clips_play_from_beginning_to_end(dataset, caplog) -> None:
    clips = natural_order(path for path in dataset("clips").rglob("*.m*") if path.suffix in (".mkv", ".mpg"))
    assert clips
    for clip in clips:
        rate_hz = 30 if clip.suffix == ".mkv" else 25
        with open_source(CameraSettings(source=str(clip))) as source:
            times = [frame.t for frame in source]
        assert len(times) > 40
        assert times == pytest.approx([index / rate_hz for index in range(len(times))], abs=2e-3)
    assert caplog.text == ""
