"""The pictures to show a teacher."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from convert.data.errors import DataError
from convert.data.pictures import all_image_files

log = logging.getLogger(__name__)


def pictures_below(data: Path, folders: Sequence[str]) -> list[Path]:
    """The pictures of those ``folders`` that there are below ``data``, by path.

    Raises:
        DataError: there is none of them.
    """
    there = [data / folder for folder in folders if (data / folder).is_dir()]
    for folder in folders:
        if data / folder not in there:
            log.warning("%s: no such folder, left out", data / folder)
    if not there:
        raise DataError(f"{data}: none of {', '.join(folders)} in here; --data names the folder of unpacked data sets")
    return sorted(file for folder in there for file in all_image_files(folder))
