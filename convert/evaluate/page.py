"""The report: one HTML file that holds everything it shows, and beside it the result as JSON and the plots as PNG."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import cv2

from convert.evaluate.evaluate import Evaluation
from convert.evaluate.mistakes import Mistake, MistakeGroup
from convert.evaluate.plots import Plot, plots
from convert.evaluate.quantization import quantization_tables
from convert.evaluate.tables import Table, tables
from convert.evaluate.words import IF_ANNOTATED, METHODS, NAMES, notes, number, span
from edge.errors import VigilError
from edge.inference import Manifest

PAGE_FILE, RESULT_FILE = "report.html", "result.json"

TILES = (
    "accuracy",
    "recall",
    "precision",
    "average_precision",
    "auc",
    "nme",
    "tar_at_far_1e-3",
    "equal_error",
    "ece",
)
"""The figures shown large, as far as a result has them."""

SMALL_PX = 80
"""Pictures up to this size are shown with their pixels, not smoothed."""

DARK = 0.55
"""From this share on a cell of the confusion matrix is dark, and its number white."""


class ReportError(VigilError):
    """The report can't be written."""


def write_report(evaluation: Evaluation, folder: Path) -> Path:
    """Write ``report.html``, ``result.json`` and the plots to ``folder``, and return the page.

    Raises:
        ReportError: the folder can't be made or written.
    """
    drawn = list(plots(evaluation.result))
    page = "\n".join(_page(evaluation, drawn))
    file = folder / PAGE_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for plot in drawn:
            (folder / f"{plot.name}.png").write_bytes(plot.png)
        (folder / RESULT_FILE).write_text(json.dumps(evaluation.result, indent=2) + "\n", "utf-8")
        file.write_text(page, "utf-8")
    except OSError as error:
        raise ReportError(
            f"--report {folder}: can't write the report here ({error.strerror}: {error.filename})"
        ) from error
    return file


def _page(evaluation: Evaluation, drawn: Sequence[Plot]) -> Iterator[str]:
    result, manifest = evaluation.result, evaluation.bundle.manifest
    figures = result["int8"]
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(manifest.name)} on {escape(result['data'])}</title>"
    yield f"<style>\n{Path(__file__).with_suffix('.css').read_text('utf-8')}</style>\n</head>\n<body>"
    yield from _header(result, manifest)
    yield "<main>"
    yield from _tiles(result)
    yield from _section("Figures", _tables(tables(result)))
    if "confusion" in figures:
        yield from _section("Confusion matrix", _confusion(**figures["confusion"]))
    yield from _section("Curves", _plots(drawn))
    for group in evaluation.mistakes():
        yield from _section(group.title, _mistakes(group))
    yield from _section("Float against int8", _tables(quantization_tables(evaluation.bundle, result)))
    yield from _section("How to read this", _list([*notes(result), *_methods(figures)]))
    if figures["skipped"]:
        yield from _section(f"Skipped: {len(figures['skipped']):,}", _list(figures["skipped"]))
    yield "</main>\n</body>\n</html>\n"


def _header(result: dict[str, Any], manifest: Manifest) -> Iterator[str]:
    yield f"<header>\n<h1>{escape(manifest.name)} {escape(manifest.version)}: evaluation</h1>"
    yield f"<p>{escape(result['bundle'])} on {escape(result['data'])}</p>\n</header>"


def _tiles(result: dict[str, Any]) -> Iterator[str]:
    figures = result["int8"]
    yield '<div class="tiles">'
    yield _tile(f"{result['n']:,}", NAMES["annotated"] if "annotated" in figures else figures["unit"])
    for key in TILES:
        if key in figures and (figures[key] is not None or key not in IF_ANNOTATED):
            interval = figures.get(f"{key}_interval")
            within = f"95 %: {span(interval)}" if interval else ""
            yield _tile(number(figures[key]), NAMES[key], within)
    yield "</div>"


def _tile(value: str, name: str, within: str = "") -> str:
    return f'<div class="tile"><b>{value}</b><small>{escape(name)}</small><small>{escape(within)}</small></div>'


def _section(title: str, content: Iterable[str]) -> Iterator[str]:
    yield f"<section>\n<h2>{escape(title)}</h2>"
    yield from content
    yield "</section>"


def _tables(shown: Iterable[Table]) -> Iterator[str]:
    yield '<div class="beside">'
    for table in shown:
        yield f'<div class="scroll">\n<h3>{escape(table.title)}</h3>'
        yield from _table(table)
        yield "</div>"
    yield "</div>"


def _table(table: Table) -> Iterator[str]:
    yield f"<table>\n<thead><tr>{_cells('th', table.header)}</tr></thead>\n<tbody>"
    for name, *numbers in table.rows:
        yield f"<tr><th>{escape(name.strip())}</th>{_cells('td', numbers)}</tr>"
    yield "</tbody>\n</table>"


def _cells(tag: str, cells: Iterable[str]) -> str:
    return "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)


def _confusion(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> Iterator[str]:
    yield '<p class="note">Rows are the true classes, columns what was found; the shade is the share of the row.</p>'
    yield f'<div class="scroll">\n<table class="confusion">\n<thead><tr><th></th>{_cells("th", labels)}</tr></thead>'
    yield "<tbody>"
    for index, (label, row) in enumerate(zip(labels, matrix, strict=True)):
        cells = "".join(_heat(count, sum(row), right=index == column) for column, count in enumerate(row))
        yield f"<tr><th>{escape(label)}</th>{cells}</tr>"
    yield "</tbody>\n</table>\n</div>"


def _heat(count: int, of: int, *, right: bool) -> str:
    share = count / of if of else 0.0
    colour = "#fff" if share > DARK else "inherit" if count else "#b6c0ca"
    kind = ' class="right"' if right else ""
    style = f"background: rgba(0, 114, 178, {share:.2f}); color: {colour}"
    return f'<td{kind} style="{style}" title="{share:.1%} of the row">{count:,}</td>'


def _plots(drawn: Sequence[Plot]) -> Iterator[str]:
    yield '<div class="plots">'
    for plot in drawn:
        if plot.name != "confusion":  # the page has it as a table
            yield f'<figure><img src="{_data(plot.png)}" alt="{escape(plot.caption)}">'
            yield f"<figcaption>{escape(plot.caption)}</figcaption></figure>"
    yield "</div>"


def _mistakes(group: MistakeGroup) -> Iterator[str]:
    yield f'<p class="note">{escape(group.note)}</p>'
    if not group.mistakes:
        return
    height, width = group.mistakes[0].image.shape[:2]
    yield f'<div class="mistakes{" wide" if width > height else ""}">'
    yield from (_mistake(mistake) for mistake in group.mistakes)
    yield "</div>"


def _mistake(mistake: Mistake) -> str:
    kind = ' class="small"' if max(mistake.image.shape[:2]) <= SMALL_PX else ""
    png = cv2.imencode(".png", mistake.image)[1].tobytes()
    name = escape(mistake.name)
    detail = f"<span>{escape(mistake.detail)}</span>" if mistake.detail else ""
    return (
        f'<figure><img{kind} src="{_data(png)}" alt="{escape(mistake.title)}">'
        f"<figcaption><strong>{escape(mistake.title)}</strong>{detail}"
        f'<span title="{name}">{escape(Path(mistake.name).name)}</span></figcaption></figure>'
    )


def _methods(figures: dict[str, Any]) -> Iterator[str]:
    yield from (sentence for key, sentence in METHODS.items() if figures.get(key) is not None)


def _list(sentences: Iterable[str]) -> Iterator[str]:
    yield '<ul class="notes">'
    yield from (f"<li>{escape(sentence)}</li>" for sentence in sentences)
    yield "</ul>"


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
