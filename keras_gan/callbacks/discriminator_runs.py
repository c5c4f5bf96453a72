"""Long runs of the discriminator between the steps."""

import keras
import tensorflow as tf

from keras_gan.checks import check_batch
from keras_gan.errors import UserError


class DiscriminatorRuns(keras.callbacks.Callback):
    """Trains the discriminator alone before the steps for which the model says so.

    `train.py` does this by itself; `fit` takes it as a callback:

        model = models.get("wgan")(source.shape, critic_warmup=100)
        model.compile()
        size = model.sub_batches * 64
        more = lambda calls: source.batches(size, seed=1, start=calls * size)
        model.fit(source.batches(size), steps_per_epoch=1000, callbacks=[DiscriminatorRuns(more)])

    What it does is a function of the model's step and seed, so that a run that goes on
    from a checkpoint is the one that was never cut. The metrics are means over these
    updates as well.

    Args:
        batches: Function from a number of calls done to an endless dataset of the batches
            of the calls to come, of as many examples as a step takes. Give it examples in
            another order than the steps', such as by another seed. Of any dataset:
            `lambda calls: dataset.repeat().skip(calls)`.
    """

    def __init__(self, batches):
        super().__init__()
        self.batches = batches
        self.step = self.prepared = None

    def on_train_begin(self, logs=None):
        model, runs = self.model, self.model.long_runs
        if not runs.calls:
            return
        if model.steps_per_execution > 1:
            raise UserError(
                f"{type(model).__name__} trains its discriminator between steps, so that a call "
                "can hold one step only: compile with steps_per_execution=1. Received: "
                f"{model.steps_per_execution}."
            )
        batches = self.batches(runs.until(int(model.step.numpy())))
        if not isinstance(batches, tf.distribute.DistributedDataset):
            batches = model.distribute_strategy.experimental_distribute_dataset(batches)
        self.iterator, self.call = iter(batches), _call(model)

    def on_epoch_begin(self, epoch, logs=None):
        self.step = int(self.model.step.numpy())

    def on_train_batch_begin(self, batch, logs=None):
        step = self.step + batch
        if step == self.prepared:
            return  # Keras began this step before, and found the epoch's data at its end.
        for number in range(self.model.long_runs.due(step)):
            try:
                self.call(self.iterator, tf.constant(number + 1, tf.int64))
            except (tf.errors.OutOfRangeError, StopIteration):  # Keras would end the epoch.
                raise UserError(
                    f"The batches of DiscriminatorRuns came to an end before step {step}. Give it "
                    "an endless dataset, such as dataset.repeat()."
                ) from None
        self.prepared = step


def _call(model):
    """Returns the function that takes a batch off an iterator and makes d_steps updates with it."""

    def updates(batch, call):
        check_batch(batch, model.spec, model.sub_batches, model.accumulate_steps)
        for j in range(model.sub_batches):
            model.update("d", batch, j, call=call)

    updates = tf.function(updates, jit_compile=True) if model.jit_compile else updates

    @tf.autograph.experimental.do_not_convert
    def call(iterator, number):
        model.distribute_strategy.run(updates, args=(next(iterator), number))

    return call if model.run_eagerly else tf.function(call)
