"""Penalties on kernels."""

import tensorflow as tf


def orthogonality(kernel):
    """Returns ||W^T W with zeros for its diagonal||_F^2: Brock et al. 2019, equation 3.

    It keeps outputs from being alike and leaves their lengths alone.

    Args:
        kernel: Tensor [..., outputs], the matrix W of (product of the others, outputs).
    """
    matrix = tf.reshape(kernel, [-1, kernel.shape[-1]])
    products = tf.matmul(matrix, matrix, transpose_a=True)
    return tf.reduce_sum(tf.linalg.set_diag(products, tf.zeros_like(products[0])) ** 2)
