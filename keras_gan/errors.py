"""The one error type that means "the user can fix this"."""

import difflib
import re

_WHERE = re.compile(r"Graph execution error:|Detected at node|File \"|<stack traces|Stack trace")
_PIPELINE = r"Error in user-defined function passed to .*?Iterator::\S+ (?:\w+Error: )?"


class UserError(ValueError):
    """A mistake in what the user asked for, not in the package.

    The message says what was expected, what came ("Received: ...") and how to
    fix it. Commands print it as one line and exit with status 1; library users
    can catch it as the `ValueError` it is.
    """


def first_line(error):
    """Returns the first line of an error's message, without TensorFlow's names of nodes."""
    lines = [line.strip() for line in str(error).splitlines()]
    # Keras puts where an operation was made before what went wrong.
    told = [line for line in lines if line and not _WHERE.match(line)]
    line = told[0] if told else ""
    return re.sub(rf"{_PIPELINE}|\{{\{{.*?\}}\}} ?| ?\[Op:.*", "", line).strip()


def did_you_mean(word, known):
    """Returns " Did you mean 'x'?" for the nearest known word, or an empty string."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f" Did you mean {near[0]!r}?" if near else ""
