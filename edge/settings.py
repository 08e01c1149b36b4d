"""The base of every settings table: frozen, unknown keys refused."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """One table of ``vigil.toml``.  Each room defines its own in ``settings.py``; ``edge.config`` joins them.

    A field's name carries its unit (``hold_seconds``, ``min_face_px``) and its ``description`` says what it does:
    the JSON Schema and the commented default file are made from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
