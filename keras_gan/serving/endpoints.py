"""What a served function answers: the functions behind the signatures of a SavedModel."""

import inspect

import tensorflow as tf

_PNG_CHANNELS = (1, 2, 3, 4)
_DEFAULT = "serving_default"  # What a server answers where a request names no signature.


class Endpoints:
    """A trained function as graph functions that trust no input.

    Rows are independent and share one first dimension in all inputs and outputs, so
    that a server may merge requests. Before anything is computed each function
    checks, with an `INVALID_ARGUMENT` for the caller: the number and shape of
    the rows, and what the ports ask of them, such as finite numbers or labels in range.
    Nothing but these checks depends on them: engines without `Assert` drop it and the rest runs.

    Args:
        served: A `ServedFunction`.
    """

    def __init__(self, served):
        self.served, self.ports = served, served.function.inputs
        # All signatures call this one graph of the network.
        self._network = tf.function(served.outputs, input_signature=served.specs)

    def signatures(self):
        """Returns functions and the specs of their inputs, by the signature's name.

        The arguments of a function have the names of its specs, also when it is called from a
        loaded SavedModel or by `keras.layers.TFSMLayer`.

        Where the main function takes latents these are `serving_default` and `from_seeds`,
        which return its output, and `png` and `from_seeds_png`, which return `image_bytes`, a
        PNG file a row, where the output is images that PNG can hold. Where the main function takes
        no latents, `serving_default` and `png` are there also under its own name, like
        `a_to_b` and `a_to_b_png`. Other functions have signatures of their own name alone.
        """
        latents, specs = self.served.function.latents, self.served.specs
        found = {"": (self.from_rows, specs)}
        if latents:
            seeds = tf.TensorSpec((None,), tf.int64, name="seeds")
            given = [seeds if p is latents else spec for p, spec in zip(self.ports, specs)]  # noqa: B905
            found["from_seeds"] = (self.from_seeds, given)
        if _fits_png(self.served.function.output):
            found |= {
                _joined(name, "png"): (_as_png(function), given)
                for name, (function, given) in found.items()
            }
        ends = {ending: (_with_names(*end), end[1]) for ending, end in found.items()}
        return {name: end for ending, end in ends.items() for name in self._names(ending)}

    def _names(self, ending):
        own = _joined(self.served.name, ending)
        if not self.served.is_main:
            return [own]
        return [ending or _DEFAULT] + ([] if self.served.function.latents else [own])

    def from_rows(self, *inputs):
        """Returns the output by name for inputs as in `ServedFunction.specs`."""
        return self._run(self._checked(self.ports, inputs))

    def from_seeds(self, *inputs):
        """Returns the same for `seeds` [N] in place of the latents.

        The samples are those of `python -m keras_gan.generate --seeds`.
        """
        latents = self.served.function.latents
        ports = [None if port is latents else port for port in self.ports]
        inputs = self._checked(ports, inputs)
        place = ports.index(None)
        pairs = tf.stack([inputs[place], tf.zeros_like(inputs[place])], axis=1)
        inputs[place] = latents.drawn(pairs)
        return self._run(inputs)

    def _run(self, inputs):
        # TensorFlow's convolutions of no examples have a wrong shape, so there is at least one.
        count = tf.shape(inputs[0])[0]
        added = tf.cast(count == 0, tf.int32)
        inputs = [_with_zeros(x, added) for x in inputs]
        return {name: x[:count] for name, x in self._network(*inputs).items()}

    def _checked(self, ports, inputs):
        """Returns the inputs, to be computed with only after they were checked.

        Args:
            ports: The port of each input, `None` for seeds.
            inputs: Tensors.
        """
        count, most = tf.shape(inputs[0])[0], self.served.max_batch
        checks = [_check(count <= most, f"at most {most} rows", count)]
        for port, x in zip(ports, inputs, strict=True):
            checks.append(_check_shape(x, "seeds" if port is None else port.name))
            if port is None:
                continue
            if x is not inputs[0]:
                rows = tf.shape(x)[0]
                checks.append(_check(rows == count, f"as many {port.name} as other rows", rows))
            if None in port.shape:
                shape = tf.shape(x)
                has_pixels = tf.reduce_all(shape[1:] > 0)
                checks.append(_check(has_pixels, f"{port.name} with pixels", shape))
            checks += [_check(*fault) for fault in port.faults(x)]
        with tf.control_dependencies(checks):
            return [tf.identity(x) for x in inputs]


def _joined(*names):
    return "_".join(name for name in names if name)


def _fits_png(port):
    return port.are_images and port.shape[-1] in _PNG_CHANNELS


def _check(condition, expected, received):
    """Returns an operation that fails with `INVALID_ARGUMENT` unless the condition holds."""
    message = f"Expected {expected}. Received:"
    return tf.raw_ops.Assert(condition=condition, data=[message, received], summarize=8)


def _check_shape(x, name):
    """Returns an operation that fails unless a tensor has the shape that its spec promised.

    A session that is not Python's does not look at it. `tf.ensure_shape` would do the same, but
    TensorFlow.js cannot run it.
    """
    shape, sides = tf.shape(x), x.shape.as_list()
    # `tf.rank` would be a constant here.
    has_rank = tf.raw_ops.Rank(input=x) == len(sides)
    fits = has_rank & tf.reduce_all(shape[: len(sides)] == tf.stack([shape[0], *_sides(x)]))
    words = ", ".join(["N", *("any" if side is None else str(side) for side in sides[1:])])
    return _check(fits, f"{name} of shape [{words}]", shape)


def _with_zeros(x, count):
    """Adds rows of zeros. `tf.pad` would lose the static shape, which LiteRT needs."""
    return tf.concat([x, tf.zeros([count, *_sides(x)], x.dtype)], axis=0)


def _sides(x):
    """Returns the sides of a row, numbers where they are known."""
    return [tf.shape(x)[n] if side is None else side for n, side in enumerate(x.shape) if n]


def _with_names(function, specs):
    """Returns a function of positional arguments as one whose arguments have the specs' names."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD

    def named(*inputs):
        return function(*inputs)

    named.__signature__ = inspect.Signature([inspect.Parameter(x.name, kind) for x in specs])
    return named


def to_bytes(images):
    """Brings images from [-1, 1] to uint8 in the graph, as `pictures.to_bytes` does."""
    return tf.cast(tf.round((tf.clip_by_value(images, -1.0, 1.0) + 1.0) * 127.5), tf.uint8)


def _as_png(function):
    def png(*inputs):
        (images,) = function(*inputs).values()
        # Files up to a tenth larger than by default, in less than half of the time for photos.
        return {"image_bytes": tf.io.encode_png(to_bytes(images), compression=1)}

    return png
