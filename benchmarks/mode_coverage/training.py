"""Training for so many seconds, or by a recipe."""

import time

import keras

from keras_gan import models

BATCH, STEPS_IN_A_CALL = 256, 50


class _Until(keras.callbacks.Callback):
    """Ends training when the time is up; the first call, which compiles, does not count."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds, self.start, self.steps, self.first = seconds, None, 0, 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps = batch + 1
        if self.start is None:
            self.start, self.first = time.perf_counter(), self.steps
        self.taken = time.perf_counter() - self.start
        if self.taken >= self.seconds:
            self.model.stop_training = True


def trained(name, arguments, source, seconds, seed):
    """Trains a system with its own defaults for so many seconds.

    Returns:
        (model, seconds taken, generator steps).
    """
    keras.utils.set_random_seed(seed)
    model = models.get(name)(source.shape, num_classes=source.num_classes, **arguments)
    model.compile(seed=seed, steps_per_execution=STEPS_IN_A_CALL)
    until = _Until(seconds)
    batches = source.batches(BATCH * model.d_steps, seed=seed)
    model.fit(
        batches, steps_per_epoch=10**7, callbacks=[until], verbose=0, shuffle=False
    )
    return model, until.taken, until.steps
