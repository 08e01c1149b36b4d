"""Cameras and streams, on fakes that keep the real rules."""

import logging
import math

import cv2
import pytest

from edge.camera import jetson, v4l2
from edge.camera.auto import open_first_working
from edge.camera.errors import CameraLostError, CameraSpentError, SourceClosedError
from edge.camera.fakes import DAMAGED, FakeCaptureDevice, FakeClock, FakePicamera2Module, FakeSource, blank
from edge.camera.jetson import has_csi_sensor, jetson_source, pipeline
from edge.camera.picamera import OPENS, Picamera2Source, has_csi_camera
from edge.camera.settings import CameraSettings
from edge.camera.stream import stream_source
from edge.camera.v4l2 import v4l2_source, video_devices
from edge.errors import CameraError
from edge.values import Frame

SETTINGS = CameraSettings(width_px=320, height_px=240, rate_hz=25, read_timeout_seconds=2)


@pytest.fixture(autouse=True)
def any_backend(monkeypatch):
    monkeypatch.setattr(cv2.videoio_registry, "hasBackend", lambda api: True)


@pytest.fixture
def device(tmp_path) -> str:
    path = tmp_path / "video0"
    path.touch()
    return str(path)


def values(frames) -> list[int]:
    return [int(frame.image[0, 0, 0]) for frame in frames]


def asked_for(pixel_format: str) -> list[tuple]:
    return [
        ("set", cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*pixel_format)),
        ("set", cv2.CAP_PROP_FRAME_WIDTH, 320),
        ("set", cv2.CAP_PROP_FRAME_HEIGHT, 240),
        ("set", cv2.CAP_PROP_FPS, 25),
    ]


def test_v4l2_takes_mjpeg_where_uncompressed_is_too_slow(device: str, caplog) -> None:
    caplog.set_level(logging.INFO)
    fake = FakeCaptureDevice([blank(1)], uncompressed_hz=15)
    v4l2_source(device, SETTINGS, fake).open()
    wanted = [*asked_for("YUYV"), *asked_for("MJPG"), ("set", cv2.CAP_PROP_BUFFERSIZE, 1)]
    assert fake.events[1:] == wanted
    assert any("MJPG, 320×240 at 25 Hz" in record.getMessage() for record in caplog.records)


def test_v4l2_asks_for_uncompressed_frames_first_and_stamps_by_the_driver(device: str) -> None:
    fake = FakeCaptureDevice([blank(1), blank(2), blank(3)], period_ms=40)
    source = v4l2_source(device, SETTINGS, fake)
    source.open()
    frames = [source.read() for _ in range(3)]
    assert values(frames) == [1, 2, 3]
    assert [frame.t for frame in frames] == pytest.approx([0, 0.04, 0.08])
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert fake.events == [
        ("open", device, cv2.CAP_V4L2),
        *asked_for("YUYV"),
        ("set", cv2.CAP_PROP_BUFFERSIZE, 1),
    ]


def test_a_damaged_frame_is_skipped_and_counted(device: str) -> None:
    source = v4l2_source(device, SETTINGS, FakeCaptureDevice([blank(1), DAMAGED, blank(3)]))
    source.open()
    frames = [source.read(), source.read()]
    assert values(frames) == [1, 3]
    assert frames[1].t == pytest.approx(0.08)
    assert source.damaged == 1


def test_nothing_but_damaged_frames_is_a_lost_camera(device: str) -> None:
    clock = FakeClock()
    source = v4l2_source(device, SETTINGS, FakeCaptureDevice([DAMAGED] * 100))
    source._monotonic = lambda: clock.wait(0.5) or clock.now
    source.open()
    with pytest.raises(CameraLostError, match="only damaged frames for 2 s"):
        source.read()


def test_a_frame_of_another_size_or_of_a_grey_camera_passes(device: str) -> None:
    source = v4l2_source(device, SETTINGS, FakeCaptureDevice([blank(1), blank(2, 32, 16), blank(3)[:, :, 0]]))
    source.open()
    assert [source.read().image.shape for _ in range(3)] == [(48, 64, 3), (16, 32, 3), (48, 64, 3)]


def test_a_vanished_camera_is_lost_and_a_closed_one_is_not_read(device: str) -> None:
    fake = FakeCaptureDevice([blank()])
    source = v4l2_source(device, SETTINGS, fake)
    with pytest.raises(SourceClosedError):
        source.read()
    source.open()
    source.read()
    with pytest.raises(CameraLostError, match=r"delivers no more frames.*plugged in"):
        source.read()
    source.close()
    source.close()
    assert fake.events.count(("release",)) == 1
    with pytest.raises(SourceClosedError):
        source.read()


def test_v4l2_says_what_is_wrong_with_a_device(device: str, tmp_path, monkeypatch) -> None:
    with pytest.raises(CameraError, match=r"video9: no such device\. Present: .*Plug the camera in"):
        v4l2_source(str(tmp_path / "video9"), SETTINGS, FakeCaptureDevice()).open()
    with pytest.raises(CameraError, match=r"cannot be opened\. Is another program using it"):
        v4l2_source(device, SETTINGS, FakeCaptureDevice(None)).open()
    monkeypatch.setattr(v4l2.os, "access", lambda *_: False)
    with pytest.raises(CameraError, match="usermod -aG video"):
        v4l2_source(device, SETTINGS, FakeCaptureDevice()).open()


def test_video_devices_in_order_without_codecs(tmp_path) -> None:
    names = {
        "video10": "bcm2835-codec-decode",
        "video2": "vivid-000-vid-cap",
        "video0": "UVC Camera",
        "video1": "unicam",
    }
    for entry, name in names.items():
        (tmp_path / entry).mkdir()
        (tmp_path / entry / "name").write_text(f"{name}\n")
    assert [str(path) for path in video_devices(tmp_path)] == ["/dev/video0", "/dev/video2"]


def test_a_stream_has_time_outs_and_no_secret_in_its_name() -> None:
    fake = FakeCaptureDevice([blank()], None)
    source = stream_source("rtsp://me:secret@cam/live", SETTINGS, fake)
    source.open()
    _, url, api, parameters = fake.events[0]
    assert (url, api) == ("rtsp://me:secret@cam/live", cv2.CAP_FFMPEG)
    time_outs = dict(zip(parameters[::2], parameters[1::2], strict=True))
    assert time_outs == {cv2.CAP_PROP_OPEN_TIMEOUT_MSEC: 10_000, cv2.CAP_PROP_READ_TIMEOUT_MSEC: 2000}
    source.close()
    with pytest.raises(CameraError) as raised:
        source.open()
    assert "rtsp://***@cam/live" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_jetson_pipeline_keeps_only_the_newest_frame() -> None:
    text = pipeline(1, CameraSettings(width_px=1280, height_px=720, rate_hz=29.97))
    assert text.startswith(
        "nvarguscamerasrc sensor-id=1 ! video/x-raw(memory:NVMM),width=1280,height=720,framerate=2997/100"
    )
    assert text.endswith("video/x-raw,format=BGR ! appsink drop=true max-buffers=1 sync=false")


def test_jetson_reads_through_gstreamer_or_says_what_is_missing(monkeypatch) -> None:
    fake = FakeCaptureDevice([blank(7)], period_ms=None)
    source = jetson_source(0, SETTINGS, fake)
    source.open()
    assert fake.events == [("open", pipeline(0, SETTINGS), cv2.CAP_GSTREAMER)]
    assert values([source.read()]) == [7]
    monkeypatch.setattr(cv2.videoio_registry, "hasBackend", lambda api: False)
    with pytest.raises(CameraError, match=r"without GSTREAMER.*system-site-packages"):
        jetson_source(0, SETTINGS, fake).open()


def test_has_csi_sensor_only_on_a_jetson_whose_kernel_knows_one(tmp_path) -> None:
    model, sysfs = tmp_path / "model", tmp_path / "sysfs"
    assert not has_csi_sensor(model, sysfs)
    (sysfs / "video0").mkdir(parents=True)
    (sysfs / "video0" / "name").write_text("vi-output, imx219 9-0010\n")
    assert not has_csi_sensor(model, sysfs)
    model.write_text("NVIDIA Jetson Orin Nano Developer Kit\0")
    assert has_csi_sensor(model, sysfs)
    assert jetson.has_csi_sensor(model, tmp_path / "none") is False


def test_picamera2_is_configured_once_and_stamped_by_the_sensor() -> None:
    module = FakePicamera2Module([blank(value) for value in range(10)])
    source = Picamera2Source(0, SETTINGS, module)
    source.open()
    frames = [source.read() for _ in range(10)]
    source.close()
    assert values(frames) == list(range(10))
    assert frames[9].t == pytest.approx(9 / 30, abs=1e-6)
    assert module.events == ["open", "configure", "start", "close"]
    assert module.configurations[0]["main"] == {"size": (320, 240), "format": "RGB888"}
    assert module.configurations[0]["controls"] == {"FrameDurationLimits": (40_000, 66_667)}


def test_a_silent_picamera2_is_flushed_and_lost_then_spent() -> None:
    module = FakePicamera2Module()
    source = Picamera2Source(0, SETTINGS, module)
    for _ in range(OPENS):
        source.open()
        with pytest.raises(CameraLostError, match="no frame for 2 s"):
            source.read()
    assert module.events.count("flush") == OPENS
    with pytest.raises(CameraSpentError, match="Start the program again"):
        source.open()
    assert module.events.count("open") == OPENS


def test_picamera2_without_a_camera_or_in_use() -> None:
    with pytest.raises(CameraError, match="ribbon cable"):
        Picamera2Source(0, SETTINGS, FakePicamera2Module(ids=())).open()
    module = FakePicamera2Module([])
    Picamera2Source(0, SETTINGS, module).open()
    with pytest.raises(CameraError, match="sequence did not complete"):
        Picamera2Source(0, SETTINGS, module).open()
    with pytest.raises(SourceClosedError):
        Picamera2Source(0, SETTINGS, module).read()


def test_has_csi_camera_passes_over_usb() -> None:
    assert has_csi_camera(FakePicamera2Module())
    assert not has_csi_camera(FakePicamera2Module(ids=("/base/scb/pcie/usb@0,0-1:1.0-046d:0825",)))
    assert not has_csi_camera(FakePicamera2Module(ids=()))


def test_auto_takes_the_first_that_really_delivers(caplog) -> None:
    sources = {
        "absent": FakeSource([None], "absent"),
        "silent": FakeSource([[]], "silent"),
        "good": FakeSource([[Frame(blank(5), 0.0, 0)]], "good"),
    }
    found = open_first_working(iter(sources), sources.__getitem__)
    assert found is sources["good"]
    assert sources["silent"].events == ["open", "lost", "close"]
    assert sources["good"].events == ["open", "frame 5"]
    assert "demo" not in caplog.text


def test_auto_without_a_camera_shows_the_demo_and_says_so(caplog) -> None:
    caplog.set_level(logging.INFO)
    sources = {"absent": FakeSource([None], "absent"), "demo": FakeSource([[]], "demo")}
    found = open_first_working(iter(["absent"]), sources.__getitem__)
    assert found.name == "demo"
    assert sources["demo"].events == ["open"]
    assert "rendered, not filmed" in caplog.text
    assert "passed over: absent" in caplog.text


def test_nan_is_no_sensor_time() -> None:
    module = FakePicamera2Module([blank(), blank()])
    clock = FakeClock()
    source = Picamera2Source(0, SETTINGS, module, clock)
    source.open()
    source._camera._sensor_ns = math.nan
    source.read()
    clock.wait(0.25)
    assert source.read().t == pytest.approx(0.25)
