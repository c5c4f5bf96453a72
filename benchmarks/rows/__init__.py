"""The rows. Each module here holds a tuple `ROWS` of `row.Row`; nothing else lists them.

The command imports all of them, so they do not import TensorFlow or PyTorch themselves.
"""
