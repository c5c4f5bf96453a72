"""keras_gan as its users run it, through `fit`."""

import functools
import math
import time

from benchmarks.worker import rate


def _model(system, image_shape, arguments, precision):
    import keras

    from keras_gan import models
    from keras_gan.layers.core import dtype_policy

    keras.utils.set_random_seed(0)
    with dtype_policy(precision):
        return models.get(system)(tuple(image_shape), **arguments)


def weights(network):
    """Returns how many numbers the optimizer trains."""
    return sum(math.prod(variable.shape) for variable in network.trainable_variables)


def _facts(model):
    return {"weights": [weights(model.generator), weights(model.discriminator)]}


def fit(model, data, steps):
    """Trains; returns when the last step was done.

    `fit` can return later: tf.data's autotuning, which it ends with the
    iterator, may sleep for as long as it has run.
    """
    import keras

    end = []
    done = keras.callbacks.LambdaCallback(on_train_end=lambda logs: end.append(time.perf_counter()))
    model.fit(data, steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=[done])
    return end[0]


def memory_dataset(batch):
    """Returns an endless dataset of one batch, so that no time goes into making batches."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return tf.data.Dataset.from_tensors(batch).repeat().with_options(options)


def dcgan_step(batch, image_size=64, width=64, precision="float32", replicas=1):
    """Measures DCGAN's training steps on a batch that is in memory, in images per second."""
    import tensorflow as tf

    from benchmarks.counting import dcgan_step_multiply_adds
    from keras_gan.distribution.replicas import make_strategy

    strategy = make_strategy(cpu_replicas=replicas)
    shape = (image_size, image_size, 3)
    with strategy.scope():
        model = _model("dcgan", shape, {"width": width, "kernel_size": 4}, precision)
        model.compile()
    data = memory_dataset({"image": tf.random.uniform((batch, *shape), -1.0, 1.0)})
    multiply_adds = batch * dcgan_step_multiply_adds(model.generator, model.discriminator)
    facts = _facts(model) | {"multiply_adds": multiply_adds}
    return rate(functools.partial(fit, model, data), batch), facts


def penalised_step(batch, image_size=64, width=64):
    """Measures steps of WGAN-GP with one update of the critic each, in images per second."""
    import tensorflow as tf

    shape = (image_size, image_size, 3)
    arguments = {"width": width, "kernel_size": 4, "d_steps": 1}
    model = _model("wgan_gp", shape, arguments, "float32")
    model.compile()
    data = memory_dataset({"image": tf.random.uniform((batch, *shape), -1.0, 1.0)})
    return rate(functools.partial(fit, model, data), batch), _facts(model)


def mixture_step(batch, arguments, steps_per_execution=1, jit_compile=False):
    """Measures steps per second of the original GAN on the ring, data pipeline included."""
    import keras_gan

    source = keras_gan.load_dataset("ring")
    model = _model("gan", source.shape, arguments, "float32")
    model.compile(steps_per_execution=steps_per_execution, jit_compile=jit_compile)
    run = functools.partial(fit, model, source.batches(batch))
    return rate(run, at_once=100), _facts(model)


def read_folder(directory, batch, epoch):
    """Measures the data pipeline on a folder of images, in images per second."""
    import keras_gan
    from benchmarks.reading import consume, images_per_second

    def open_folder():
        source = keras_gan.load_dataset(directory)
        batches = iter(source.batches(batch))
        steps = source.num_examples // batch
        return lambda: consume(next(batches)["image"] for _ in range(steps))

    return images_per_second(open_folder, epoch), {}
