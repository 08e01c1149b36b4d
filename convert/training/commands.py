"""``vigil-convert train``."""

from __future__ import annotations

import argparse
import logging
import os
from functools import partial
from pathlib import Path

from convert.toml_file import read_tables
from convert.training.recipe import RecipeError, read_recipe

log = logging.getLogger(__name__)

CLASSIFIERS = ("emotion", "eyes", "gesture")
DETECTORS = ("faces", "hands")
IDENTITY = "identity"
TASKS = (*CLASSIFIERS, *DETECTORS, IDENTITY)

_NOT_FOR_A_CASCADE = {
    "resume": "goes on by itself from the stages that --out already holds",
    "restart": "begins anew in another --out",
    "distribute": "runs on one device",
    "teacher": "takes a teacher's list by its recipe",
}

_EPILOG = r"""examples:
  vigil-convert train emotion --data ~/data --recipe convert/recipes/emotion.toml --out runs/emotion
  vigil-convert train emotion --data ~/data --recipe convert/recipes/emotion.toml --out runs/emotion --resume
  vigil-convert train emotion --data ~/data --recipe convert/recipes/emotion.toml --out runs/small --teacher runs/large
  vigil-convert train gesture --data photos --recipe convert/recipes/own_gestures.toml --out runs/own \
    --initial models/gesture
  vigil-convert train identity --data ~/data --recipe convert/recipes/identity.toml --out runs/identity \
    --teacher dlib_face_recognition_resnet_model_v1.dat

Each epoch of a classifier or of a single-shot detector leaves a checkpoint in --out; --resume goes on after the last
one, with the same result as if nothing had happened. tensorboard --logdir runs shows a classifier's curves.

Keras' backend is chosen by KERAS_BACKEND (tensorflow, torch or jax); on a CPU torch is about twice as fast.
--distribute uses all GPUs of this machine, or all its processors where there is none: by keras.distribution on jax,
where the result is that of one device, or tf.distribute on tensorflow. The recipe's batch is shared among them.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``train``."""
    parser = commands.add_parser(
        "train",
        help="train a task's network by a recipe",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("task", metavar="TASK", choices=TASKS, help=", ".join(TASKS))
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the unpacked data sets")
    parser.add_argument("--recipe", type=Path, required=True, metavar="FILE", help="TOML file that decides everything")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where network and report are written")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of every random choice (default 0)")
    parser.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="a finished training, or a bundle, whose network teaches this one, by the recipe's table [teacher]; "
        "may be repeated; for identity, once, dlib's dlib_face_recognition_resnet_model_v1.dat of the package "
        "face_recognition_models",
    )
    parser.add_argument(
        "--initial",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a finished training of the same network, or a bundle of one (emotion, eyes, gesture, identity; faces, "
        "of which it takes all three; hands found by one network; for a recipe with the table [onet] any with an "
        "O-Net), whose weights this one begins with; with other labels all but those of its last layer; given "
        "more than once, for what isn't a detector, the mean of their weights",
    )
    parser.add_argument(
        "--detector",
        type=Path,
        metavar="DIR",
        help="for a recipe with the table [onet]: the single-shot detector, a finished training or a bundle, whose "
        "finds the O-Net is to confirm",
    )
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on after the last whole epoch of an interrupted run")
    again.add_argument("--restart", action="store_true", help="begin anew although --out holds an interrupted run")
    parser.add_argument(
        "--distribute", action="store_true", help="share each batch among all devices of this machine (classifiers)"
    )
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, and return the exit status."""
    confirming = arguments.task == "hands" and _has_table(arguments.recipe, "onet")
    if (arguments.detector is not None) != confirming:
        raise RecipeError("--detector: is for hands by a recipe with the table [onet], which needs it")
    if confirming:
        _train_confirming(arguments)
    elif arguments.task in DETECTORS and _has_table(arguments.recipe, "canvas"):
        _train_single_shot(arguments)
    elif arguments.task in DETECTORS:
        _train_cascade(arguments)
    elif arguments.task == IDENTITY:
        _train_identity(arguments)
    else:
        _train_classifier(arguments)
    log.info("written to %s", arguments.out)
    return os.EX_OK


def _train_classifier(arguments: argparse.Namespace) -> None:
    recipe = read_recipe(arguments.recipe)
    if recipe.task != arguments.task:
        raise RecipeError(f"{arguments.recipe}: task: this recipe is for {recipe.task!r}, asked for {arguments.task!r}")
    from convert.training.datasets import prepare

    prepared = prepare(recipe, arguments.data, arguments.seed)
    from convert.training.distillation import taught
    from convert.training.loop import Start, train_classifier

    if arguments.teacher:
        prepared = taught(prepared, recipe, arguments.data, arguments.teacher)
    elif recipe.teacher:
        raise RecipeError(f"{arguments.recipe}: teacher: give the trainings that teach with --teacher, or leave it out")

    start = Start(arguments.seed, arguments.resume, arguments.restart, arguments.distribute, arguments.initial)
    train_classifier(recipe, prepared, arguments.out, start, arguments.teacher)


def _train_identity(arguments: argparse.Namespace) -> None:
    from convert.training.identity.prepare import prepare_people
    from convert.training.identity.recipe import read_identity_recipe

    recipe = read_identity_recipe(arguments.recipe)
    if len(arguments.teacher) != (recipe.teacher is not None):
        raise RecipeError(
            f"{arguments.recipe}: teacher: a recipe with this table, and no other, takes dlib's face network, "
            f"--teacher FILE, once; received {len(arguments.teacher)}"
        )
    prepared = prepare_people(recipe, arguments.data, arguments.seed)
    from convert.networks.dlib_face import load_dlib_face
    from convert.training.identity.trainee import IdentityTrainee
    from convert.training.loop import Start, train

    teacher = partial(load_dlib_face, arguments.teacher[0]) if arguments.teacher else None
    start = Start(arguments.seed, arguments.resume, arguments.restart, arguments.distribute, arguments.initial)
    train(IdentityTrainee(recipe, prepared, teacher), arguments.out, start)


def _train_cascade(arguments: argparse.Namespace) -> None:
    _refuse_flags(arguments)
    from convert.training.cascade import train

    train(arguments.recipe, arguments.data, arguments.out, arguments.seed, _only_initial(arguments))


def _train_confirming(arguments: argparse.Namespace) -> None:
    _refuse_flags(arguments)
    from convert.training.cascade import train_confirming

    train_confirming(
        arguments.recipe, arguments.data, arguments.out, arguments.detector, arguments.seed, _only_initial(arguments)
    )


def _only_initial(arguments: argparse.Namespace) -> Path | None:
    if len(arguments.initial) > 1:
        raise RecipeError(f"--initial: a detector begins with one training, received {len(arguments.initial)}")
    return arguments.initial[0] if arguments.initial else None


def _refuse_flags(arguments: argparse.Namespace) -> None:
    for flag, instead in _NOT_FOR_A_CASCADE.items():
        if getattr(arguments, flag):
            raise RecipeError(f"--{flag}: is for classifiers; a cascade's training {instead}")


def _has_table(recipe: Path, table: str) -> bool:
    """Whether the recipe has it: ``canvas`` is for a detector of one network, ``onet`` for what confirms its finds."""
    return table in read_tables(recipe, RecipeError, "recipe")


def _train_single_shot(arguments: argparse.Namespace) -> None:
    if arguments.distribute:
        raise RecipeError("--distribute: is for classifiers; a single-shot detector's training runs on one device")
    from convert.training.detector.loop import train  # Keras is slow to import

    how = {"resume": arguments.resume, "restart": arguments.restart, "initial": _only_initial(arguments)}
    train(arguments.recipe, arguments.data, arguments.out, arguments.seed, **how)
