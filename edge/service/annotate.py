"""Drawing what was seen onto a copy of the picture."""

from __future__ import annotations

import cv2

from edge.values import Box, FaceObservation, HandObservation, Image, Observation

FACE_COLOUR = (80, 200, 60)
HAND_COLOUR = (40, 150, 250)
CLOSED_COLOUR = (60, 60, 230)
TEXT_COLOUR = (255, 255, 255)


def annotate(image: Image, observation: Observation) -> Image:
    """A copy of ``image`` ``(height, width, 3)`` uint8 BGR with boxes, landmarks and labels."""
    drawn = image.copy()
    for face in observation.faces:
        _draw_face(drawn, face)
    for hand in observation.hands:
        _draw_hand(drawn, hand)
    return drawn


def _draw_face(image: Image, seen: FaceObservation) -> None:
    caption = [f"{seen.emotion.label} {seen.emotion.probability:.0%}"] if seen.emotion else []
    if seen.identity:
        caption.insert(0, seen.identity.name)
    _draw_box(image, seen.face.box, FACE_COLOUR, "  ".join(caption) or f"face {seen.face.score:.0%}")
    openness = (seen.eyes.left_open, seen.eyes.right_open) if seen.eyes else (None, None)
    radius = max(2, round(seen.face.box.width / 45))
    for index, (x, y) in enumerate(seen.face.landmarks):
        is_open = openness[index] if index < len(openness) else None
        colour = CLOSED_COLOUR if is_open is not None and is_open < 0.5 else FACE_COLOUR
        cv2.circle(image, (round(x), round(y)), radius, colour, -1, cv2.LINE_AA)


def _draw_hand(image: Image, seen: HandObservation) -> None:
    caption = f"{seen.gesture.label} {seen.gesture.probability:.0%}" if seen.gesture else f"hand {seen.hand.score:.0%}"
    _draw_box(image, seen.hand.box, HAND_COLOUR, caption)


def _draw_box(image: Image, box: Box, colour: tuple[int, int, int], caption: str) -> None:
    scale = max(0.4, min(image.shape[:2]) / 1000)
    thickness = max(1, round(scale * 2))
    x, y = round(box.x1), round(box.y1)
    cv2.rectangle(image, (x, y), (round(box.x2), round(box.y2)), colour, thickness, cv2.LINE_AA)
    (width, height), baseline = cv2.getTextSize(caption, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    top = max(y - height - baseline - 2, 0)
    cv2.rectangle(image, (x, top), (x + width + 4, top + height + baseline + 2), colour, -1)
    origin = (x + 2, top + height + 1)
    cv2.putText(image, caption, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, TEXT_COLOUR, 1, cv2.LINE_AA)
