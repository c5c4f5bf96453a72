"""Extra discriminator updates between steps, such as a warm-up of the critic."""

import keras
import tensorflow as tf

from keras_gan.errors import UserError


class DiscriminatorRuns(keras.callbacks.Callback):
    """Trains only the discriminator before those steps for which the model asks it.

    `train.py` adds this callback itself. With `fit`, pass it as a callback:

        model = models.get("wgan")(source.shape, critic_warmup=100)
        model.compile()
        size = model.sub_batches * 64
        more = lambda calls: source.batches(size, seed=1, start=calls * size)
        model.fit(source.batches(size), steps_per_epoch=1000, callbacks=[DiscriminatorRuns(more)])

    The updates depend only on the model's step and seed, so a resumed run equals one
    that was never interrupted. The logged means include these updates.

    Args:
        batches: Function from the number of calls done so far to an endless dataset of
            the batches of later calls. A batch has as many examples as that of a step.
            The order of examples should differ from that of the steps, for example by
            another seed. For any dataset use
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
                f"{type(model).__name__} trains its discriminator between steps, so each call must "
                "run a single step: compile with steps_per_execution=1. Received: "
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
            return  # Keras already began this step, then found that the epoch has no more data.
        for number in range(self.model.long_runs.due(step)):
            try:
                self.call(self.iterator, tf.constant(number + 1, tf.int64))
            except (tf.errors.OutOfRangeError, StopIteration):  # Keras would just end the epoch.
                raise UserError(
                    f"The batches of DiscriminatorRuns came to an end before step {step}. Give it "
                    "an endless dataset, such as dataset.repeat()."
                ) from None
        self.prepared = step


def _call(model):
    """Returns a function that takes a batch from an iterator and does d_steps updates with it."""

    def updates(batch, call):
        batch = model.checked_batch(batch, model.sub_batches)
        for j in range(model.sub_batches):
            model.update("d", batch, j, call=call)

    updates = tf.function(updates, jit_compile=True) if model.jit_compile else updates

    @tf.autograph.experimental.do_not_convert
    def call(iterator, number):
        model.distribute_strategy.run(updates, args=(next(iterator), number))

    return call if model.run_eagerly else tf.function(call)
