"""Networks for sequences of tokens: a recurrent policy, and a convolutional judge."""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments
from keras_gan.layers.core import ArgumentsAreConfig, Dropout


@keras.saving.register_keras_serializable(package="keras_gan.recurrent")
class Policy(ArgumentsAreConfig, keras.Model):
    """A recurrent network that writes a sequence token by token.

    An embedding of the token before, an LSTM, and the logits of the next token. A sequence is
    decided by one uniform number a token: the token whose interval of the cumulative
    distribution holds the number.

    Args:
        length: Tokens in a sequence.
        vocabulary: Number of different tokens.
        units: Units of the LSTM.
        embedding_dim: Dimension of the embeddings.

    Call arguments:
        latents: Tensor [N, length] in [-1, 1): the uniform numbers.

    Returns:
        Tokens, int32 tensor [N, length].
    """

    def __init__(self, length, vocabulary, *, units=32, embedding_dim=32):
        check_arguments(length=length, vocabulary=vocabulary, units=units)
        check_arguments(embedding_dim=embedding_dim)
        super().__init__(name="generator")
        self.length, self.vocabulary = length, vocabulary
        self.embedding = keras.layers.Embedding(vocabulary + 1, embedding_dim)  # And the start.
        self.cell = keras.layers.LSTMCell(units, seed=0)  # It drops nothing.
        self.recurrent = keras.layers.RNN(self.cell, return_sequences=True)
        self.logits = keras.layers.Dense(vocabulary)
        self.embedding.build((None, length))
        self.recurrent.build((None, length, embedding_dim))
        self.logits.build((None, length, units))
        self.built = True

    def call(self, latents, training=False):
        del training
        return self.write(0.5 * (tf.cast(latents, tf.float32) + 1.0))

    def write(self, draws, known=None, prefix=None):
        """Returns sequences [N, length] that begin as given and go on by their own likelihood.

        Args:
            draws: Uniform numbers [N, length] in [0, 1).
            known: Tokens [N, length], of which the first ones are kept.
            prefix: How many of each sequence are kept, int32 [N].
        """
        token = tf.zeros_like(draws[:, 0], tf.int32) + self.vocabulary
        states, written = self._states(draws), []
        for place in range(self.length):
            output, states = self.cell(self.embedding(token), states)
            chances = tf.nn.softmax(tf.cast(self.logits(output), tf.float32))
            passed = tf.cast(draws[:, place : place + 1] >= tf.cumsum(chances, axis=1), tf.int32)
            token = tf.minimum(tf.reduce_sum(passed, axis=1), self.vocabulary - 1)
            if known is not None:
                token = tf.where(place < prefix, known[:, place], token)
            written.append(token)
        return tf.stack(written, axis=1)

    def _states(self, draws):
        zeros = tf.zeros_like(draws[:, :1], self.cell.compute_dtype)
        return [zeros + tf.zeros([1, size], zeros.dtype) for size in self.cell.state_size]

    def log_likelihood(self, tokens):
        """Returns log p of each token after those before it, float [N, length], in nats."""
        tokens = tf.cast(tokens, tf.int32)
        start = tf.fill([tf.shape(tokens)[0], 1], self.vocabulary)
        before = tf.concat([start, tokens[:, :-1]], axis=1)
        logits = self.logits(self.recurrent(self.embedding(before)))
        logits = tf.cast(logits, keras.config.floatx())
        return -tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits)


@keras.saving.register_keras_serializable(package="keras_gan.recurrent")
class Judge(ArgumentsAreConfig, keras.Model):
    """A sequence through convolutions of several widths, each pooled over time, to one logit.

    After Kim 2014, as SeqGAN's discriminator, without its highway layer.

    Args:
        length: Tokens in a sequence.
        vocabulary: Number of different tokens.
        filters: Channels of each convolution.
        embedding_dim: Dimension of the embeddings.
        dropout: Share of the pooled features that is dropped in training.

    Call arguments:
        tokens: Int tensor [N, length].

    Returns:
        Logits, tensor [N].
    """

    def __init__(self, length, vocabulary, *, filters=32, embedding_dim=32, dropout=0.25):
        check_arguments(filters=filters)
        tokens = keras.Input((length,), dtype="int32", name="tokens")
        x = keras.layers.Embedding(vocabulary, embedding_dim)(tokens)
        pooled = [
            keras.layers.GlobalMaxPooling1D()(
                keras.layers.Conv1D(filters, size, activation="relu")(x)
            )
            for size in range(1, min(length, 5) + 1)
        ]
        x = keras.layers.Concatenate()(pooled) if len(pooled) > 1 else pooled[0]
        x = keras.layers.Dense(1)(Dropout(dropout)(x))
        super().__init__(tokens, keras.layers.Reshape((), name="logits")(x), name="discriminator")
