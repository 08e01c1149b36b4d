"""Cross-validation of identity: several trainings, each judged on the folds of LFW that it left out, as one result.

    python benchmarks/identity_folds.py runs/identity/01 runs/identity/23 --data ~/data

Each folder is a finished training whose recipe holds out other ``people.folds``.  Prints LFW's protocol over the pairs
of all of them (accuracy, area under the ROC, TAR at a FAR of 1e-3), and --roc writes the curve.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.bundle.checkpoint import load_network, network_files, read_report
from convert.bundle.parts import checked_recipe, trained_input
from convert.evaluate.embedding import Aligner
from convert.evaluate.floats import FloatNetwork
from convert.evaluate.identity import load_people, similarities
from convert.evaluate.pairs import Pair, read_pairs
from convert.evaluate.progress import Coverage
from convert.evaluate.verification import verification_figures
from convert.training.identity.recipe import IdentityRecipe
from edge.errors import ConfigError
from edge.inference import Task, default_models_dir, load_bundle

SMALLEST_FACE_PX = 24


@dataclass(frozen=True)
class Judged:
    """Pairs that a network never saw the people of, and their ``similarities`` ``(n,)`` by it."""

    pairs: list[Pair]
    similarities: NDArray[np.float64]


def main() -> None:
    """Judge, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="what `train identity --out` wrote")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the unpacked data sets")
    parser.add_argument("--roc", type=Path, metavar="FILE", help="CSV of false and true positive rates")
    arguments = parser.parse_args()
    figures = pooled([judge(run, arguments.data) for run in arguments.runs])
    roc = figures.pop("roc")
    if arguments.roc:
        rows = np.stack([roc["fpr"], roc["tpr"]], axis=1)
        np.savetxt(arguments.roc, rows, fmt="%.6g", delimiter=",", header="fpr,tpr", comments="")
    print(json.dumps({name: value for name, value in figures.items() if name != "similarity"}, indent=2))


def judge(run: Path, data: Path) -> Judged:
    """The training in ``run`` on the pairs of the folds that it left out; a face that isn't found is cut unaligned."""
    recipe = checked_recipe(IdentityRecipe, run, Task.IDENTITY, read_report(run))
    if recipe.people.pairs is None:
        raise ConfigError(f"{run}: people.folds: this training left out no folds, so that none can judge it")
    folder = data / recipe.people.folder
    pairs = [pair for pair in read_pairs(folder / recipe.people.pairs, folder) if pair.fold in recipe.people.folds]
    faces = load_bundle(default_models_dir() / Task.FACES.value, Task.FACES)
    people = load_people(
        pairs, Aligner(faces, SMALLEST_FACE_PX, recipe.input.size), Coverage("pairs", len(pairs), len(pairs))
    )
    spec = trained_input(recipe).model_copy(update={"dtype": "float32"})
    network = FloatNetwork(load_network(network_files(run, Task.IDENTITY)[Task.IDENTITY.value]), spec)
    known = people.known(pairs)
    return Judged(known, similarities(network, spec, people, known))


def pooled(parts: list[Judged]) -> dict[str, object]:
    """LFW's protocol over the pairs of all ``parts``, which share no fold."""
    folds = [{pair.fold for pair in part.pairs} for part in parts]
    if sum(map(len, folds)) > len(set.union(*folds)):
        raise ConfigError(f"people.folds: two trainings left out the same fold, received {[sorted(f) for f in folds]}")
    pairs = [pair for part in parts for pair in part.pairs]
    return verification_figures(
        np.concatenate([part.similarities for part in parts]),
        np.array([pair.same for pair in pairs]),
        np.array([pair.fold for pair in pairs]),
    )


if __name__ == "__main__":
    main()
