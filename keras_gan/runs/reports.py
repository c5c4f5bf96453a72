"""Reports on a run: what is printed, logged and drawn."""

import math
import shlex

from keras_gan import callbacks
from keras_gan.callbacks.progress import clock
from keras_gan.game import showing
from keras_gan.game.ports import Tokens

_COMPARED = 8  # Fewest real examples to compare samples with.
_FILE = "samples.png"


def announce(run, model, source, done, config):
    """Prints the networks, the data and the steps of the run before training."""
    weights = ", ".join(
        f"{player.title} {sum(math.prod(v.shape) for v in player.variables):,}"
        + (" weights" if not number else "")
        for number, player in enumerate(reversed(model.players))
    )
    replicas = model.distribute_strategy.num_replicas_in_sync
    together = model.steps_per_execution
    print(
        f"{type(model).__name__}: {weights}; {source.name}: {_examples(source)}"
        + (f" in {source.num_classes} classes" if source.num_classes else "")
    )
    print(
        f"{'Resuming at' if done else 'Training from'} step {done} to {config.steps}, batch "
        f"{config.batch_size}"
        + (f" over {replicas} replicas" if replicas > 1 else "")
        + (f", {together} steps at a time" if together > 1 else "")
        + f", into {run.path}",
        flush=True,
    )


def _examples(source):
    """Describes a `Source`: the number and shape of its examples."""
    words = []
    for key, shape in source.shapes.items():
        sides = "x".join(map(str, shape))
        sides = f"{sides} tokens" if source.vocabulary else sides
        side = f" in {key}" if len(source.shapes) > 1 else ""
        words.append(f"{source.counts[key]:,} examples of {sides}{side}")
    return ", ".join(words)


class Reports:
    """Builds the callbacks that log and draw, and prints the summary at the end.

    Args:
        config: The run's `Config`.
        run: `RunDirectory`.
        model: The `AdversarialModel`.
        source: `Source` of the training data.
        done: Number of steps before this session.
        judge: `evaluation.SampleScores`, or `None` for no evaluation during training.
    """

    def __init__(self, config, run, model, source, done, judge=None):
        self.config, self.run = config, run
        self.function, self.name = model.function(), model.main_function
        events = callbacks.EventLog(run.tensorboard)
        shown = [showing.count_of(function.output) for function in model.functions.values()]
        real = source.first_batch(max(*shown, _COMPARED))
        self.samples = callbacks.SampleGrids(run, events, real, done, config.sample_every)
        self.progress = callbacks.Progress(
            config.steps, config.batch_size, done, runs=model.long_runs
        )
        self.health = callbacks.Health(run, events, real, done, config.log_every, self.progress.say)
        self.logs = callbacks.Logs(run, events, config, done)
        self.saves = callbacks.SaveCheckpoints(run.checkpoints, config, done)
        self.scores, self.best = [], None
        if judge:
            self.scores.append(callbacks.Evaluate(judge, done, config.evaluate_every))
        if judge and config.keep_best:
            self.best = callbacks.KeepBest(
                run.best, config.keep_best, judge, done, config.evaluate_every, self.progress.say
            )
            judge.check_keeps(self.best.measure)

    def around(self, means, finite, interruption):
        """Returns all callbacks in order: these, and those that every process has."""
        before = [self.samples, self.health, *self.scores, self.logs]
        saves = [self.best, self.saves] if self.best else [self.saves]
        return [*before, means, finite, *saves, self.progress, interruption]

    def summary(self, seconds):
        """Prints the results of the run and the commands to type next."""
        run, steps = self.run, self.config.steps
        images = steps * self.config.batch_size
        print(f"Done: {steps:,} steps, {images:,} images seen, {clock(seconds)} this time.")
        if self.samples.newest:
            print(f"  samples     {self.samples.newest}")
        if self.health.verdict:
            print(f"  health      {self.health.verdict}")
        print(f"  logs        {run.metrics_file}, {run.tensorboard}")
        print(f"  checkpoint  {self.saves.newest}")
        if self.best and self.best.path:
            measure = self.best.measure.replace("_", " ")
            print(f"  best        {self.best.path} ({measure} {self.best.score:.4g})")
        path = shlex.quote(run.path)
        chosen = " --checkpoint=best" if self.best and self.best.path else ""
        print("Next:")
        print(f"  tensorboard --logdir {path}")
        print(f"  {self._use(path)}")
        print(f"  python -m keras_gan.evaluate --run_dir={path}{chosen}")
        print(f"  python export.py --run_dir={path}{chosen}", flush=True)

    def _use(self, path):
        """Returns the command that runs the main function: generate or translate."""
        if self.function.given:
            return (
                f"python -m keras_gan.translate --run_dir={path} --function={self.name} "
                "--images=FOLDER --output=translated"
            )
        has_labels = any(port.name == "labels" for port in self.function.conditions)
        command = f"python -m keras_gan.generate --run_dir={path} "
        command += "--labels=all" if has_labels else "--seeds=0-63"
        return command + ("" if isinstance(self.function.output, Tokens) else f" --output={_FILE}")
