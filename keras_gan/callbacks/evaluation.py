"""Evaluation of the averaged generator during training, and the best checkpoint by a measure."""

import json
import os

from keras_gan.callbacks.finite import check_variables
from keras_gan.callbacks.steps import StepCallback
from keras_gan.files import write_text

MEASURES = {"kid": "kernel_distance", "fid": "frechet_distance"}  # Short names in --keep_best.
_FILE = "best.json"


class Evaluate(StepCallback):
    """Adds the results of an evaluation to the logs, as `evaluation/<name>`.

    Put it before the callback that logs.

    Args:
            judge: Function from the model to numbers by name, such as `evaluation.SampleScores`.
        first_step: Steps done before.
        every: Steps between evaluations, a multiple of those between log entries.
    """

    def __init__(self, judge, first_step=0, every=1):
        super().__init__(first_step, every)
        self.judge = judge

    def at_step(self, logs):
        logs.update({f"evaluation/{name}": value for name, value in self.judge(self.model).items()})


class KeepBest(StepCallback):
    """Saves a checkpoint each time an evaluation is better than all earlier ones.

    Put it after the logs and before the run's usual checkpoints. Then a resumed run repeats every
    evaluation that was not kept before a crash. A small file beside the checkpoint stores its
    score, so a resumed run can compare with it. A score by other features is ignored.

    Args:
            checkpoints: `Checkpoints` of the best one.
        measure: What `--keep_best` says.
        judge: `evaluation.SampleScores`.
        first_step: Steps done before.
            every: Steps between evaluations.
        say: Function that shows a line to the user.

    Attributes:
        path: Path of the best checkpoint, or `None`.
        score: Score of the best checkpoint.
    """

    def __init__(self, checkpoints, measure, judge, first_step=0, every=1, say=print):
        super().__init__(first_step, every)
        self.checkpoints, self.judge, self.say = checkpoints, judge, say
        self.measure = MEASURES.get(measure, measure)
        self.file = os.path.join(checkpoints.directory, _FILE)
        self.path, self.score = None, None

    def on_train_begin(self, logs=None):
        try:
            with open(self.file, encoding="utf-8") as file:
                kept = json.load(file)
            by, step, score = kept["by"], kept["step"], float(kept["score"])
        except (OSError, ValueError, TypeError, KeyError):
            return  # The file is missing or incomplete; the next evaluation counts as the best.
        if self.checkpoints.newest_step() == step:
            if by == self._by():
                self.path, self.score = self.checkpoints.path(step), score
            else:
                self.say(
                    f"The best checkpoint, of step {step}, was chosen by {' '.join(by)}. This run "
                    f"uses {' '.join(self._by())}, so the next evaluation replaces it."
                )

    def at_step(self, logs):
        score = logs.get(f"evaluation/{self.measure}")
        if score is None or not self._is_better(score):
            return
        check_variables(self.model, self.step)
        self.path, self.score = self.checkpoints.save(self.model, self.step), score
        kept = {"step": self.step, "score": score, "by": self._by()}
        write_text(self.file, json.dumps(kept) + "\n")

    def _by(self):
        extractor = self.judge.extractor
        return [self.measure, extractor.name, extractor.digest]

    def _is_better(self, score):
        if self.score is None:
            return True
        lower = self.judge.lower_is_better(self.measure)
        return score < self.score if lower else score > self.score
