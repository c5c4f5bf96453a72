"""What a trained model offers to its users, by its functions."""

from keras_gan.errors import UserError


class Using:
    """Mixin of `AdversarialModel`: calls and samples by the model's functions."""

    @property
    def main_function(self):
        """The name of the first function, which calling the model runs."""
        return next(iter(self.functions))

    def function(self, name=None):
        """Returns a `Function` by name; the first one by default.

        Raises:
            UserError: For a name that the system does not have.
        """
        name = self.main_function if name is None else name
        if name not in self.functions:
            raise UserError(
                f"{type(self).__name__} has the functions {', '.join(self.functions)}. Received: "
                f"{name}."
            )
        return self.functions[name]

    def call(self, inputs, training=False):
        """Returns what the first function's averaged network makes of a tensor or dict."""
        del training
        return self.function().averaged(inputs, training=False)

    def sample(self, count, seed=0, truncation=None, function=None, **given):
        """Samples from the averaged network of a function.

        Sample i depends on (seed, i) and what is given alone: `sample(4, 7)` begins with
        `sample(2, 7)`.

        Args:
            count: Number of samples.
            seed: Any integer.
            truncation: Where the normal prior of the latents is cut off; see
                `randomness.truncated`. Less diverse samples, each of them likelier.
            function: Name of a function. Default: the first.
            **given: Rows [count, ...] of its inputs by name, such as `labels` [count] in
                conditional systems or `images`. Default: drawn, each row from (seed, i).

        Returns:
            Array [count, ...]: float32 images in [-1, 1], vectors, codes, or int32 tokens.

        Raises:
            UserError: For inputs that the function does not take or cannot draw, and for a
                truncation that is not positive or of another prior.
        """
        pairs = [(seed, i) for i in range(count)]
        return self.sample_seeds(pairs, truncation=truncation, function=function, **given)

    def sample_seeds(self, seeds, averaged=True, truncation=None, function=None, **given):
        """Samples from a function, one for each pair (seed, index).

        Args:
            seeds: Integer array [N, 2].
            averaged: Whether from the averaged network or the one that trains.
            truncation: As in `sample`.
            function: As in `sample`.
            **given: As in `sample`.
        """
        return self.function(function).sample(seeds, averaged, truncation, **given)

    def showcase(self, count, function=None):
        """Returns what a grid of samples shows of a function whose inputs are all drawn.

        Args:
            count: Number of samples, about.
            function: Name of the function. Default: the first.

        Returns:
            (pairs (seed, index); rows of other inputs by name, for `sample_seeds`; samples in
            a row of the grid, `None` for as many as there are rows).
        """
        del function
        return [(seed, 0) for seed in range(count)], {}, None
