"""Judges samples from Python: of a run, or of a model that `fit` has trained."""

import os
from typing import NamedTuple

from keras_gan.checks import check_arguments
from keras_gan.commands import evaluate as command
from keras_gan.data.source import Source
from keras_gan.errors import UserError
from keras_gan.evaluation import evaluate_samples
from keras_gan.evaluation.real_data import given_real_data
from keras_gan.evaluation.sample_sets import of_model
from keras_gan.game.model import check_model


class _Chosen(NamedTuple):
    """The options that the measures read."""

    features: str | None
    num_samples: int | None
    seed: int


def evaluate(
    run_or_model,
    source=None,
    *,
    function=None,
    features=None,
    num_samples=None,
    seed=0,
    output=None,
):
    """Measures what a function of a run or a model makes against real examples.

    docs/judging.md explains the measures. `python -m keras_gan.evaluate` compares several runs and
    held-out examples as well.

    Args:
        run_or_model: The run directory, or an `AdversarialModel` that `fit` has trained.
        source: For a model: the real examples, as `keras_gan.load_dataset` returns them. A run
            has its own.
        function: Name of the function. Default: the main one.
        features: What examples are compared by: `"inception"`, `"classifier"`, `"pixels"` or
            `"module:function"`. Default: the classifier where there are labels, else pixels; of
            tokens n-grams.
        num_samples: Examples on each side, at most as many as there are real ones. Default: up
            to 10,000.
        seed: Decides the samples.
        output: Directory for evaluation.json and the pictures. Default: a run's own; of a model
            none are written.

    Returns:
        `evaluation.record.Evaluation`: `values` has the measures by name, `notes` what limits
        them, `settings` what they were measured with.

    Raises:
        UserError: If run, model and source do not fit together; for too few examples, or features
            that do not fit.
    """
    chosen = _Chosen(features, num_samples, seed)
    output = None if output is None else os.path.expanduser(output)
    if isinstance(run_or_model, str | os.PathLike):
        if source is not None:
            raise UserError(
                "A run is compared with its own dataset. Received: a run directory and a source. "
                "Drop the source, or use python -m keras_gan.evaluate --dataset."
            )
        run_dir = os.path.expanduser(run_or_model)
        options = command.Options(
            run_dir=(run_dir,), function=function, output=output, **chosen._asdict()
        )
        return command.evaluate(options)[0][run_dir]
    check_model(run_or_model)
    if not isinstance(source, Source):
        raise UserError(
            "Expected real examples to compare with, from keras_gan.load_dataset, which takes a "
            f"folder or an .npz file as well. Received: {type(source).__name__}."
        )
    if num_samples is not None:
        check_arguments(num_samples=num_samples)
    if not isinstance(seed, int) or seed < 0:
        raise UserError(f"seed must be a whole number of at least 0. Received: {seed!r}.")
    model = run_or_model
    real = given_real_data(source, model.function(function))
    names = list(source.class_names) if source.class_names else None
    samples = of_model(model, model.name, function, real, seed, names, {"standing_statistics": 0})
    count = evaluate_samples.number_of([samples], chosen)
    side = evaluate_samples.real_side(real, count, chosen)
    evaluation, drawn = evaluate_samples.evaluate(samples, side, count, chosen)
    if output is not None:
        command.write(evaluation, drawn, output)
    return evaluation
