"""The time that the multiply-adds of a step would take at the rate of a large matrix product."""

from benchmarks.worker import rate

SIZES = (1024, 2048, 4096)


def dcgan_step(batch, width, precision):
    """Measures the limit of a DCGAN step of 64x64 images, in images per second.

    A round is one of the largest product; the best size is chosen at the start.

    Args:
        batch: Images in a batch.
        width: Channels of the layers next to the image.
        precision: Data type of the products.
    """
    import tensorflow as tf

    from benchmarks.counting import dcgan_step_multiply_adds
    from benchmarks.ours import weights
    from keras_gan import models

    model = models.get("dcgan")((64, 64, 3), width=width, kernel_size=4)
    count = dcgan_step_multiply_adds(model.generator, model.discriminator)

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
        "weights": [weights(model.generator), weights(model.discriminator)],
        "multiply_adds": batch * count,
        "size": best,
    }
    return candidates[best], facts
