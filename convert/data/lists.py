"""Lists of annotations as text: lines that know where they stand, and numbers out of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from convert.data.errors import DamagedError, DataError


@dataclass(frozen=True)
class Line:
    """A line of a list, counted from 1."""

    file: Path
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"

    def fields(self, count: int, form: str) -> list[str]:
        """The fields between blanks.

        Raises:
            DamagedError: not ``count`` of them; ``form`` says what they should be.
        """
        fields = self.text.split()
        if len(fields) != count:
            raise DamagedError(f"{self}: expected {form}; received {len(fields)} fields")
        return fields

    def floats(self, fields: Sequence[str], form: str) -> list[float]:
        """The numbers in ``fields``.

        Raises:
            DamagedError: one is none; ``form`` says what the line should be.
        """
        try:
            return [float(field) for field in fields]
        except ValueError as error:
            raise DamagedError(f"{self}: expected {form}; {error}") from error


def read_text(file: Path) -> str:
    """The text in ``file``.

    Raises:
        DataError: it can't be read, or is no text.
    """
    with reading(file):
        return file.read_text("utf-8")


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Whatever goes wrong in reading ``file`` as text is a :class:`DataError`."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{file}: can't read this list ({error.strerror}); unpack the data set there") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: expected a text file in UTF-8; {error}; unpack the data set again") from error


def read_lines(file: Path) -> list[Line]:
    """The lines of ``file`` that aren't blank.

    Raises:
        DataError: it can't be read, is no text, or is empty.
    """
    lines = [Line(file, number, text) for number, text in enumerate(read_text(file).splitlines(), 1) if text.strip()]
    if not lines:
        raise DataError(f"{file}: expected a list, received an empty file; unpack the data set again")
    return lines


def require_file(path: Path, line: object) -> Path:
    """``path`` itself, if it is a file.

    Raises:
        DamagedError: ``line`` names a file that isn't there.
    """
    if not path.is_file():
        raise DamagedError(f"{line}: names {path}, which isn't there; unpack the data set again, or drop the line")
    return path
