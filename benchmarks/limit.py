"""The time that multiply-adds would take at the rate of a large matrix product."""

from benchmarks.worker import rate

SIZES = (1024, 2048, 4096)


def dcgan_step(batch, width, precision):
    """Measures the limit of a DCGAN step of 64x64 images, in images per second.

    Args:
        batch: Images in a batch.
        width: Channels of the layers next to the image.
        precision: Data type of the products.
    """
    from benchmarks.counting import dcgan_step_multiply_adds

    model = _model(width)
    count = dcgan_step_multiply_adds(model.generator, model.discriminator)
    return _limit(batch, count, precision, (model.generator, model.discriminator))


def generate(batch, width):
    """Measures the limit of DCGAN's generator in inference, as `dcgan_step` does."""
    from benchmarks.counting import forward

    generator = _model(width).generator
    return _limit(batch, sum(forward(generator)), "float32", (generator,))


def _model(width):
    from keras_gan import models

    return models.get("dcgan")((64, 64, 3), width=width, kernel_size=4)


def _limit(batch, count, precision, networks):
    """Measures products; a round is one of the largest, the best size is chosen at the start."""
    import tensorflow as tf

    from benchmarks.ours import weights

    def products(size):
        a = tf.cast(tf.random.normal((size, size)), precision)
        b = tf.cast(tf.random.normal((size, size)), precision)
        product = tf.function(tf.matmul)

        def run(steps):
            for _ in range(steps):
                product(a, b)

        return rate(run, size**3 / count)

    candidates = {size: products(size) for size in SIZES}
    best = max(candidates, key=lambda size: candidates[size]())
    facts = {
        "weights": [weights(network) for network in networks],
        "multiply_adds": batch * count,
        "size": best,
    }
    return candidates[best], facts
