"""Names of sources, and the settings that hold one."""

import pytest
from pydantic import ValidationError

from edge.camera.errors import UnknownSourceError
from edge.camera.registry import SOURCES, build_source
from edge.camera.settings import CameraSettings
from edge.camera.spec import KNOWN_SOURCES, SourceSpec, parse_source
from edge.camera.stream import without_secrets
from edge.errors import ConfigError, InputError


@pytest.mark.parametrize(
    ("text", "kind", "target"),
    [
        ("auto", "auto", ""),
        ("demo", "demo", ""),
        ("picamera2", "picamera2", "0"),
        ("picamera2:1", "picamera2", "1"),
        ("jetson", "jetson", "0"),
        ("jetson:2", "jetson", "2"),
        ("0", "v4l2", "/dev/video0"),
        ("v4l2:3", "v4l2", "/dev/video3"),
        ("v4l2:/dev/video0", "v4l2", "/dev/video0"),
        ("/dev/video1", "v4l2", "/dev/video1"),
        ("/dev/v4l/by-id/usb-cam-index0", "v4l2", "/dev/v4l/by-id/usb-cam-index0"),
        ("rtsp://u:p@cam:554/live", "stream", "rtsp://u:p@cam:554/live"),
        ("http://cam/mjpeg", "stream", "http://cam/mjpeg"),
        ("clip.mkv", "path", "clip.mkv"),
        ("./demo", "path", "./demo"),
        ("~/clips", "path", "~/clips"),
    ],
)
def test_parse_source(text: str, kind: str, target: str) -> None:
    assert parse_source(text) == SourceSpec(kind, target)


@pytest.mark.parametrize(
    "text", ["", "camra", "picamera", "picamera2:x", "v4l2:", "jetson:", "ftp://host/a", "-1", "²"]
)
def test_an_unknown_name_lists_the_known_ones(text: str) -> None:
    with pytest.raises(UnknownSourceError) as raised:
        parse_source(text)
    assert repr(text) in str(raised.value)
    assert all(known in str(raised.value) for known in KNOWN_SOURCES)
    assert raised.value.exit_status == ConfigError.exit_status


def test_an_existing_file_needs_no_suffix(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recording").write_bytes(b"x")
    assert parse_source("recording") == SourceSpec("path", "recording")


def test_every_kind_of_the_parser_can_be_built() -> None:
    kinds = {parse_source(text).kind for text in ("demo", "picamera2", "0", "jetson", "rtsp://a/b", "a.mkv")}
    assert kinds == set(SOURCES)


def test_a_missing_path_is_an_input_error(tmp_path) -> None:
    with pytest.raises(InputError, match=r"absent\.mkv: no such file or folder"):
        build_source(str(tmp_path / "absent.mkv"), CameraSettings())


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://admin:secret@cam:554/live", "rtsp://***@cam:554/live"),
        ("rtsp://admin:a@b@cam/live", "rtsp://***@cam/live"),
        ("http://cam/video?token=secret", "http://cam/video"),
        ("rtsp://cam/live", "rtsp://cam/live"),
    ],
)
def test_names_of_streams_hold_no_secrets(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"source": "camra"}, "'camra' is not known"),
        ({"width": 640}, "Extra inputs"),
        ({"width_px": 0}, "greater than or equal to 64"),
        ({"rotate_degrees": 45}, "0, 90, 180 or 270"),
        ({"reconnect_first_seconds": 20}, "received 20 and 10"),
        ({"reconnect_first_seconds": 5, "reconnect_give_up_seconds": 3}, "received 3 and 5"),
        ({"source": "jetson", "loop": True}, "received source = 'jetson'"),
    ],
)
def test_settings_refuse(settings: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CameraSettings(**settings)


def test_every_setting_is_described() -> None:
    assert all(field.description for field in CameraSettings.model_fields.values())
