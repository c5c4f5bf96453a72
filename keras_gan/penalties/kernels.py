"""Penalties on the weights of a layer."""

import tensorflow as tf


def orthogonality(kernel):
    """Returns the squared Frobenius norm of W^T W without its diagonal: a scalar.

    Brock et al. 2019 (BigGAN), equation 3. It drives the columns of W to be
    orthogonal and does not constrain their lengths. The authors' code adds half its
    gradient: weight 1e-4 there is 5e-5 here.

    Args:
        kernel: Tensor [..., outputs]. All axes but the last are flattened into the
            rows of the matrix W.
    """
    matrix = tf.reshape(kernel, [-1, kernel.shape[-1]])
    products = tf.matmul(matrix, matrix, transpose_a=True)
    return tf.reduce_sum(tf.linalg.set_diag(products, tf.zeros_like(products[0])) ** 2)
