"""The one error type that means "the user can fix this"."""

import re


class UserError(ValueError):
    """A mistake in what the user asked for, not in the package.

    The message says what was expected, what came ("Received: ...") and how to
    fix it. Commands print it as one line and exit with status 1; library users
    can catch it as the `ValueError` it is.
    """


def first_line(error):
    """Returns the first line of an error's message, without TensorFlow's names of nodes."""
    line = str(error).strip().partition("\n")[0]
    return re.sub(r"\{\{.*?\}\} ?| ?\[Op:.*", "", line).strip()
