"""How long the shipped classifiers' trainings wait for data, and how much memory they take.

    python benchmarks/training.py --data ~/data                       # emotion, eyes, gesture
    python benchmarks/training.py --data ~/data --task emotion --batches 100

Trains each recipe for two epochs of a few dozen batches, in a process of its own, and prints a table: milliseconds a
batch, the share of the training time in which no batch was ready, and the most memory held, data sets included.  The
backend is that of KERAS_BACKEND.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from edge.tables import format_table

RECIPES = Path(__file__).resolve().parents[1] / "convert" / "recipes"
TASKS = ("emotion", "eyes", "gesture")
EPOCHS = 2


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the unpacked data sets")
    parser.add_argument("--task", action="append", choices=TASKS, help="this one only; may be given again")
    parser.add_argument("--batches", type=int, default=40, metavar="N", help="in each epoch (default 40)")
    arguments = parser.parse_args()
    rows = [("recipe", "backend", "ms a batch", "waiting %", "memory MiB")]
    rows += [measure(task, arguments.data, arguments.batches) for task in arguments.task or TASKS]
    print(format_table(rows))


def measure(task: str, data: Path, batches: int) -> tuple[str, ...]:
    """One row of the table; the first epoch, which compiles, isn't in the time and the waiting."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder, "short.toml")
        recipe.write_text(shortened((RECIPES / f"{task}.toml").read_text("utf-8"), batches), "utf-8")
        command = ["train", task, "--data", str(data), "--recipe", str(recipe), "--out", folder]
        subprocess.run([sys.executable, "-m", "convert.cli", *command], check=True)
        report = json.loads(Path(folder, "training.json").read_text("utf-8"))
    last = report["history"][-1]
    return (
        task,
        report["backend"],
        f"{1000 * last['seconds'] / batches:.0f}",
        f"{100 * last['waiting']:.1f}",
        str(report["peak_memory_mib"]),
    )


def shortened(recipe: str, batches: int) -> str:
    """The text of ``recipe`` with ``EPOCHS`` epochs of so many batches."""
    lines = [line for line in recipe.splitlines() if not line.startswith(("epochs =", "samples_per_epoch ="))]
    size = next(int(line.split("=")[1]) for line in lines if line.startswith("batch ="))
    table = lines.index("[optimiser]") + 1
    return "\n".join([*lines[:table], f"epochs = {EPOCHS}", f"samples_per_epoch = {batches * size}", *lines[table:]])


if __name__ == "__main__":
    main()
