"""A network camera that changes its frame size and then vanishes: what is said, told and switched, and the status."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from edge.cli import main

PORTRAIT = Path(__file__).resolve().parents[2] / "edge" / "camera" / "demo" / "astronaut.jpg"
SIZES = [(640, 480)] * 20 + [(480, 360)] * 20
INTERVAL_S = 0.04

CONFIG = """
[camera]
source = "{url}"
read_timeout_seconds = 1
reconnect_first_seconds = 0.1
reconnect_give_up_seconds = 0.5
[detection]
hands = false
[emotion]
enabled = false
[outputs.lamp]
type = "led"
pin = 17
[[rules]]
while = "face"
do = "lamp.on"
"""


class Camera(http.server.BaseHTTPRequestHandler):
    """Serves its frames once as motion JPEG; whoever calls again finds nobody."""

    called = False

    def do_GET(self) -> None:
        if Camera.called:
            self.send_error(503)
            return
        Camera.called = True
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        portrait = cv2.imread(str(PORTRAIT))
        for size in SIZES:
            jpeg = cv2.imencode(".jpg", cv2.resize(portrait, size))[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")
            time.sleep(INTERVAL_S)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Camera.called = False
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/camera"
        server.shutdown()
        thread.join(5)


@pytest.mark.skipif(
    not cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG), reason="this OpenCV has no FFmpeg, which reads streams"
)
def test_a_camera_that_vanishes(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, events = tmp_path / "vigil.toml", tmp_path / "events.jsonl"
    config.write_text(CONFIG.format(url=url))
    assert main(["run", "--pins", "mock", "--config", str(config), "--events", str(events)]) == 69
    printed = capsys.readouterr()
    assert "cannot judge: the camera is lost" in printed.out
    assert printed.err.rstrip().splitlines()[-1].startswith(f"vigil: {url}: lost for ")
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert [(line["output"], line["action"]) for line in lines if "output" in line][-1] == ("lamp", "off")
    (lost,) = [line for line in lines if line.get("event") == "drowsiness.cannot-judge" and line["state"] == "started"]
    assert lost["reason"] == "camera_lost"
    assert (lines[-1]["event"], lines[-1]["state"]) == ("drowsiness.cannot-judge", "ended")
