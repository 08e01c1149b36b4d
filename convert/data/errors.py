"""What can be wrong with data: with a whole data set, or with one file or line of it."""

from __future__ import annotations

from edge.errors import InputError


class DataError(InputError):
    """A data set isn't laid out as its loader expects, or too much of it is damaged."""


class DamagedError(DataError):
    """One file or line is damaged or mislabelled; :mod:`convert.data.faults` skips it."""
