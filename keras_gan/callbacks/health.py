"""Diagnoses of training in words, such as a discriminator that wins, with advice."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_gan.callbacks.logs import read_rows
from keras_gan.callbacks.steps import StepCallback
from keras_gan.game.ports import Images

WINDOW = 10  # Number of log entries in a verdict.
_SAMPLES = 32  # Largest number of samples for the diversity.
# Thresholds from good and bad runs on digits and Gaussian mixtures. Good runs had a logit gap up
# to 7, a swing below 0.15 after 500 steps and a diversity above 0.85 after 2,000 steps.
_SURE_GAP = 8.0
_UNDECIDED_LOSS = 0.69  # log 2, G's loss if D = 1/2 everywhere; swings are relative to at least it.
_WRONG_GAP = -0.25
_RIGHT, _OFTEN_WRONG = 0.95, 0.75  # Accuracies.
_LOW_DIVERSITY = 0.7
_LARGE_SWING = 0.25
# What the rules on D's answers look at.
_ANSWERS = (
    "value", "g_loss", "d_accuracy_real", "d_accuracy_fake", "d_logits_real", "d_logits_fake",
)  # fmt: skip

ADVICE = {
    "discriminator_wins": (
        "The discriminator is right and very certain, so the generator learns little. Try a lower "
        "--d_learning_rate or a higher --g_learning_rate (a lower one if the generator's gradient "
        "norm is near 0: it is saturated). With few images, use more images or --flip."
    ),
    "discriminator_loses": (
        "The discriminator confuses samples with real examples. Try a higher --d_learning_rate, a "
        "lower --g_learning_rate, or --model_arg=d_steps=2."
    ),
    "oscillation": (
        "Generator and discriminator undo each other's progress. Try lower learning rates for "
        "both, or a larger --batch_size."
    ),
    "generator_collapse": (
        "Samples are more alike than real examples. This is normal early in training. If it stays "
        "and the discriminator's accuracy is high, try a lower --d_learning_rate or a higher "
        "--g_learning_rate; otherwise a higher --d_learning_rate or --model_arg=d_steps=2."
    ),
    "healthy": "No sign of trouble; judge the samples themselves.",
}


class Verdict(NamedTuple):
    """The diagnosis of a window of log entries.

    Attributes:
        names: The problems found, keys of `ADVICE`, or `("healthy",)`.
        evidence: The numbers that it is based on.
    """

    names: tuple
    evidence: str

    def __str__(self):
        return f"{', '.join(self.names)} ({self.evidence})"

    @property
    def advice(self):
        """For each name a line that says what it means and what to try next."""
        return "\n".join(f"  {name}: {ADVICE[name]}" for name in self.names)


class Health(StepCallback):
    """Logs `sample_diversity`, and gives a verdict on training every ten log entries.

    `sample_diversity` is the mean distance between two samples divided by the mean
    distance between two real examples. It is 0 if all samples are equal, and about 1
    if they vary as much as the data. Distances between pixels detect only a severe
    collapse.

    A verdict goes to TensorBoard's text, and when it changes to the progress
    log. Keep this before the callback that logs. The rules were measured on games
    from latents to images or vectors: a model without such a function gets no verdict.

    Args:
        run: `RunDirectory`. A resumed run reads earlier entries from `metrics.jsonl`.
        events: `EventLog`.
        real: Real examples, a dict of arrays [N, ...] by key.
        first_step: Steps done before.
        log_every: Steps between log entries.
        say: Function that shows a line to the user.

    Attributes:
        verdict: The newest `Verdict`, or `None`.
    """

    def __init__(self, run, events, real, first_step=0, log_every=1, say=print):
        super().__init__(first_step, log_every)
        self.run, self.events, self.real, self.say = run, events, real, say
        self.function, self.count, self.real_distance = None, 0, 0.0
        self.rows = []
        self.verdict = None

    def on_train_begin(self, logs=None):
        self.function = _drawing_function(self.model)
        real = None if self.function is None else self.real.get(self.function.output.key)
        if real is not None:
            self.count = min(len(real), _SAMPLES)
            self.real_distance = mean_distance(real[: self.count])
        if self.first_step:
            # If the run was stopped earlier, it may have logged an entry at an irregular step.
            rows = [row for row in read_rows(self.run) if row["step"] % self.every == 0]
            self.rows = rows[-WINDOW:]

    def at_step(self, logs):
        if self.function is None:
            return
        self._measure(logs)
        self.rows = [*self.rows, {**logs}][-WINDOW:]
        due = self.step // self.every % WINDOW == 0 and len(self.rows) == WINDOW
        if due and np.isfinite(list(logs.values())).all():
            before, self.verdict = self.verdict, verdict_on(self.rows)
            if before is None or before.names != self.verdict.names:
                self.say(f"Step {self.step}: {self.verdict}\n{self.verdict.advice}")
            with self.events.at(self.step):
                tf.summary.text("health", f"**{self.verdict}**\n\n{self.verdict.advice}")

    def at_end(self, logs):
        if logs and self.step % self.every and not self.model.stop_training:
            self._measure(logs)

    def _measure(self, logs):
        if self.real_distance:
            seeds = [(seed, 0) for seed in range(self.count)]
            samples = self.function.sample(seeds, averaged=False)
            logs["sample_diversity"] = mean_distance(samples) / self.real_distance


def _drawing_function(model):
    """Returns the first function that makes images or vectors of drawn inputs, or `None`."""
    drawing = (f for f in model.functions.values() if not f.given and isinstance(f.output, Images))
    return next(drawing, None)


def mean_distance(examples):
    """Returns the mean Euclidean distance between pairs of examples; 0 for fewer than two.

    Args:
        examples: Array [N, ...].
    """
    rows = np.reshape(examples, (len(examples), -1)).astype(np.float64)
    if len(rows) < 2:
        return 0.0
    with np.errstate(invalid="ignore", over="ignore"):  # Diverged samples give NaN.
        sums = [np.linalg.norm(rows[i + 1 :] - rows[i], axis=1).sum() for i in range(len(rows))]
        return float(np.sum(sums) / (len(rows) * (len(rows) - 1) / 2))


def verdict_on(rows):
    """Returns the `Verdict` on log entries, oldest first.

    Each rule looks at means over the entries, and at nothing where its numbers
    are not logged. Those on D's answers need logits that are log-odds, as in the
    cross-entropy game; entries of other games, which log no `value`, are judged by the
    diversity of the samples alone.

    Args:
        rows: Dicts of logged means by name, oldest first.
    """
    logged = [key for key in rows[-1] if key != "step" and all(key in row for row in rows)]
    series = {key: np.array([row[key] for row in rows]) for key in logged}
    mean = {key: values.mean() for key, values in series.items()}
    names, evidence = [], []
    if all(key in mean for key in _ANSWERS):
        accuracies = mean["d_accuracy_real"], mean["d_accuracy_fake"]
        gap = mean["d_logits_real"] - mean["d_logits_fake"]
        # Half of the second difference, which is 0 for a loss that falls steadily.
        swings = np.abs(np.diff(series["g_loss"], n=2)) / 2.0
        swing = swings.mean() / max(np.abs(series["g_loss"]).mean(), _UNDECIDED_LOSS)
        evidence += [
            f"D accuracy real {accuracies[0]:.2f} fake {accuracies[1]:.2f}",
            f"logit gap {gap:.1f}",
            f"swing of G's loss {swing:.0%}",
        ]
        if gap > _SURE_GAP and min(accuracies) > _RIGHT:
            names.append("discriminator_wins")
        elif gap < _WRONG_GAP:
            names.append("discriminator_loses")
        elif swing > _LARGE_SWING or (gap > _SURE_GAP and np.mean(accuracies) < _OFTEN_WRONG):
            names.append("oscillation")
    if "sample_diversity" in mean:
        evidence.append(f"sample diversity {mean['sample_diversity']:.2f}")
        if mean["sample_diversity"] < _LOW_DIVERSITY:
            names.append("generator_collapse")
    norms = [
        f"{player} {mean[key]:.2g}"
        for player in "DG"
        if (key := f"{player.lower()}_gradient_norm") in mean
    ]
    if norms:
        evidence.append(f"gradient norm {' '.join(norms)}")
    return Verdict(tuple(names) or ("healthy",), ", ".join(evidence))
