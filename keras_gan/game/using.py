"""Uses a trained model: calls it and samples from it."""

from keras_gan.errors import UserError


class Using:
    """Mixin of `AdversarialModel`: runs the model's functions."""

    @property
    def main_function(self):
        """The name of the first function, the one that runs when the model is called."""
        return next(iter(self.functions))

    def function(self, name=None):
        """Returns a `Function` by name. Default: the first.

        Raises:
            UserError: If the system has no function of this name.
        """
        name = self.main_function if name is None else name
        if name not in self.functions:
            raise UserError(
                f"{type(self).__name__} has the functions {', '.join(self.functions)}. Received: "
                f"{name}."
            )
        return self.functions[name]

    def call(self, inputs, training=False):
        """Runs the averaged network of the first function on a tensor or a dict of tensors."""
        del training
        return self.function().averaged(inputs, training=False)

    def sample(self, count, seed=0, truncation=None, function=None, **given):
        """Samples from the averaged network of a function.

        Sample i depends only on (seed, i) and the given inputs, so `sample(4, 7)` begins with
        `sample(2, 7)`.

        Args:
            count: Number of samples.
            seed: Any integer.
            truncation: Threshold that cuts off the normal prior of the latents; see
                `randomness.truncated`. It makes samples more typical and less diverse.
            function: Name of a function. Default: the first.
            **given: Rows [count, ...] of inputs by name, such as `labels` [count] in
                conditional systems, or `images`. Inputs that are not given are drawn.

        Returns:
            Array [count, ...]: float32 images in [-1, 1], vectors, codes, or int32 tokens.

        Raises:
            UserError: If the function does not take an input or cannot draw it; if
                `truncation` is not positive or the prior is not normal.
        """
        pairs = [(seed, i) for i in range(count)]
        return self.sample_seeds(pairs, truncation=truncation, function=function, **given)

    def sample_seeds(self, seeds, averaged=True, truncation=None, function=None, **given):
        """Samples one output of a function for each pair (seed, index).

        Args:
            seeds: Integer array [N, 2].
            averaged: Whether to use the averaged network. `False` uses the one in training.
            truncation: As in `sample`.
            function: As in `sample`.
            **given: As in `sample`.
        """
        return self.function(function).sample(seeds, averaged, truncation, **given)

    def showcase(self, count, function=None):
        """Chooses the inputs of a sample grid, for a function whose inputs are all drawn.

        Args:
            count: Approximate number of samples.
            function: Name of the function. Default: the first.

        Returns:
            (list of pairs (seed, index), dict of other inputs by name for `sample_seeds`,
            number of samples in a row of the grid or `None` for a square grid).
        """
        del function
        return [(seed, 0) for seed in range(count)], {}, None
