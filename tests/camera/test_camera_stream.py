"""A real stream over a socket, through OpenCV and FFmpeg: it is watched, breaks off, and comes back."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import pytest

from edge.camera.errors import CameraLostError
from edge.camera.fakes import blank
from edge.camera.opening import open_source
from edge.camera.settings import CameraSettings
from edge.errors import CameraError

FRAMES = 40
PERIOD_SECONDS = 0.02


class MotionJpeg(BaseHTTPRequestHandler):
    """A network camera that breaks off after ``FRAMES`` pictures of the size that the server's ``width`` says."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for index in range(FRAMES):
            jpeg = cv2.imencode(".jpg", blank(5 * index, self.server.width))[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")
            time.sleep(PERIOD_SECONDS)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def camera():
    server = ThreadingHTTPServer(("127.0.0.1", 0), MotionJpeg)
    server.width = 64
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def settings(server: ThreadingHTTPServer, **others) -> CameraSettings:
    return CameraSettings(source=f"http://127.0.0.1:{server.server_port}/video", reconnect_first_seconds=0.1, **others)


def test_a_stream_that_breaks_off_is_reconnected(camera: ThreadingHTTPServer) -> None:
    happened = []
    with open_source(
        settings(camera),
        on_lost=lambda reason: happened.append("lost"),
        on_recovered=lambda absent: happened.append("recovered"),
    ) as source:
        assert source.live
        first = [source.read() for _ in range(20)]
        camera.width = 128
        while not happened:
            last = source.read()
    assert happened == ["lost", "recovered"]
    assert first[0].image.shape == (48, 64, 3)
    assert last.image.shape == (48, 128, 3)
    assert [frame.index for frame in first] == list(range(20))
    assert all(frame.t < last.t for frame in first)


def test_a_stream_that_stays_away_is_given_up(camera: ThreadingHTTPServer) -> None:
    with open_source(settings(camera, reconnect_give_up_seconds=0.2)) as source:
        camera.shutdown()
        camera.server_close()
        with pytest.raises(CameraLostError, match="reconnect_give_up_seconds"):
            list(source)


def test_nobody_answers() -> None:
    with pytest.raises(CameraError, match=r"cannot be opened\. Check the address"):
        open_source(CameraSettings(source="rtsp://127.0.0.1:9/live"))
