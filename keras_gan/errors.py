"""`UserError`, the error type for mistakes that the user can fix."""

import difflib
import re

_WHERE = re.compile(r"Graph execution error:|Detected at node|File \"|<stack traces|Stack trace")
_PIPELINE = r"Error in user-defined function passed to .*?Iterator::\S+ (?:\w+Error: )?"


class UserError(ValueError):
    """A mistake of the user, not a bug of the package.

    The message says what was expected, what came ("Received: ...") and how to
    fix it. Commands print it as one line and exit with status 1. It is a
    `ValueError`, so library users can catch it as one.
    """


def first_line(error):
    """Returns the first line of an error's message, without TensorFlow's node names."""
    lines = [line.strip() for line in str(error).splitlines()]
    # Keras prints where an operation was created before the message itself.
    messages = [line for line in lines if line and not _WHERE.match(line)]
    line = messages[0] if messages else ""
    return re.sub(rf"{_PIPELINE}|\{{\{{.*?\}}\}} ?| ?\[Op:.*", "", line).strip()


def printable(text):
    """Returns a text for a message: as it is, or quoted with escapes if it cannot be printed."""
    return text if text.isprintable() else repr(text)


def did_you_mean(word, known):
    """Returns " Did you mean 'x'?" for the nearest known word, or an empty string."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f" Did you mean {near[0]!r}?" if near else ""
