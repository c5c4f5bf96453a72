"""Names of classes: their order, which decides the labels, and how users ask for classes."""

import re

from keras_gan.errors import UserError

MOST_CLASSES = 2**16  # Larger labels are taken for a mistake.


def in_order(names, recorded=None):
    """Returns names of classes in the order of their labels.

    They are sorted by value if all are whole numbers, otherwise as texts.

    Args:
        names: The names.
        recorded: Names in the order that a run has recorded, or `None`. Names that are still
            there keep their places. New ones take the places of those that are gone.
    """
    numbered = all(_value(name) is not None for name in names)
    found = sorted(names, key=(lambda name: (_value(name), name)) if numbered else None)
    if not recorded:
        return found
    present, known = set(found), set(recorded)
    new = iter([name for name in found if name not in known])
    kept = [name if name in present else next(new, None) for name in recorded]
    return [name for name in kept if name is not None] + list(new)


def difference(before, now):
    """Returns the first difference between two lists of names in words, or `None`.

    Args:
        before: Names in the order of their labels, or `None` without labels.
        now: The same, later.
    """
    before, now = list(before or ()), list(now or ())
    for label, (old, new) in enumerate(zip(before, now, strict=False)):
        if old != new:
            return f"class {label} was {old!r}, is now {new!r}"
    shared = min(len(before), len(now))
    for label, name in enumerate(before[shared:], shared):
        return f"class {label}, {name!r}, is gone"
    for label, name in enumerate(now[shared:], shared):
        return f"class {label}, {name!r}, is new"
    return None


def labels_of(text, count, names):
    """Turns what a user asks for into labels, without repetitions.

    The text is `all`, or parts with commas between them. A part that is a name is this name, and
    a name with commas may be a part or the whole text. Otherwise a part is a number or a range:
    of names if all names are whole numbers, otherwise of labels from 0.

    Args:
        text: The text, such as `0,3`, `2-5`, `all` or `cat,dog`.
        count: Number of classes.
        names: Names of the classes in the order of their labels, or `None`.

    Raises:
        UserError: If there is no such class.
    """
    names = list(names or map(str, range(count)))
    if text == "all" and text not in names:
        return list(range(count))
    values = [_value(name) for name in names]
    numbers = list(range(count)) if None in values else values
    labels = []
    for part in [text] if text in names else _parts(text, names):
        own = [names.index(part)] if part in names else _in_range(part, numbers)
        if not own:
            known = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
            asked = f"numbers from 0 to {count - 1}, or names of classes ({known})"
            if numbers != list(range(count)):
                asked = f"names of classes ({known}), also as a range from one to another"
            raise UserError(f"--labels must be all, or {asked}. Received: {part!r}.")
        labels.extend(own)
    return list(dict.fromkeys(labels))


def _parts(text, names):
    """Splits a text at commas. A name with commas stays whole, and the longest name wins."""
    known = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    pattern, start = re.compile(rf"\s*({known}|[^,]*?)\s*(,|\Z)"), 0
    while True:
        found = pattern.match(text, start)
        yield found[1]
        if not found[2]:
            return
        start = found.end()


def _in_range(text, numbers):
    """Returns the labels of the numbers that a text such as `7` or `2-5` names."""
    found = re.fullmatch(r"(-?[0-9]{1,18})(?:-(-?[0-9]{1,18}))?", text)
    if not found:
        return []
    first, last = int(found[1]), int(found[2] or found[1])
    if first not in numbers or last not in numbers:
        return []
    inside = [label for label, number in enumerate(numbers) if first <= number <= last]
    return sorted(inside, key=numbers.__getitem__)


def _value(name):
    """Returns the value of a name that is a whole number, otherwise `None`."""
    return int(name) if re.fullmatch("-?[0-9]{1,18}", name) else None
