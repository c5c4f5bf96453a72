"""Measures whether samples show the labels or codes that they were made of."""

import numpy as np
import tensorflow as tf

from keras_gan import metrics
from keras_gan.data import class_names
from keras_gan.data.source import floats
from keras_gan.evaluation import classifier
from keras_gan.evaluation.examples import generated_parts, real_labels, real_parts, stored
from keras_gan.metrics.precision import NEIGHBOURS

_BATCH = 64
_MOST = 10_000  # Held-out examples, and samples for the accuracy score.


def given_to(function, count, seed):
    """Returns the labels and codes of the first `count` samples that are judged, by name."""
    rows = function.rows([(seed, i) for i in range(count)])
    return {port.name: rows[port.name] for port in function.conditions}


def measure(samples, real, fake, options, notes):
    """Compares samples with the labels or codes that they were made of.

    Where the model's discriminator names classes, its accuracy is measured as well.

    Args:
        samples: `SampleSet` of a model, from a function that draws its inputs.
        real: `Examples` of its real data, with probabilities.
        fake: `Examples`, its samples.
        options: `evaluate.Options`.
        notes: List to which is added what the reader should know.

    Returns:
        (values by name; values by name for each class' name, or `None`).
    """
    model, function, data = samples.model, samples.function, samples.real
    names = {condition.name for condition in function.conditions}
    is_conditional, names_classes = "labels" in names, _answers(model, "classes")
    if not (is_conditional or names_classes):
        has_codes = any(condition.count for condition in function.conditions)
        given = given_to(function, len(fake.features), options.seed)
        return (measure_codes(model, function, fake, given) if has_codes else {}), None
    other = class_names.difference(samples.class_names, data.source.class_names)
    if other:
        notes.append(
            f"{samples.name} learnt other classes than those of {data.name} ({other}), so that its "
            "labels were not compared with them."
        )
        return {}, None
    known = real_labels(data.source, len(real.features))
    images, labels, values, classes = real.images, known[: len(real.images)], {}, None
    source = data.held_out
    if source:
        count = min(source.num_examples, _MOST)
        images = np.concatenate([stored(x) for x in real_parts(source, count)])
        labels = real_labels(source, count)
    if names_classes:
        said = _answered(model, images, "classes").argmax(axis=1)
        values["discriminator_accuracy"] = float(np.mean(said == labels))
    if is_conditional:
        given = given_to(function, len(fake.features), options.seed)["labels"]
        names = data.source.class_names
        found, classes = measure_labels(real, known, fake, given, names)
        values |= found
        count = min(data.training.num_examples, _MOST)
        print(f"Training a classifier on {count:,} samples alone, to try it on real examples ...")
        made = fake.images[:count]  # Already there, unless they are too few.
        if len(made) < count:
            made = np.concatenate([*map(stored, generated_parts(function, count, options.seed))])
        given = given_to(function, count, options.seed)["labels"]
        values["accuracy_score"] = accuracy_score(made, given, images, labels, len(names))
        notes.append(
            f"The accuracy score is of a classifier trained on {count:,} samples, tried on "
            f"{len(images):,} real examples."
        )
        if source:
            network, *_ = classifier.classifier_for(data.training)
            values["accuracy_score_of_real"] = classifier.accuracy(network, images, labels)
    return values, classes


def measure_labels(real, labels, fake, given, names):
    """Measures samples of given classes by a classifier's classes and features.

    Args:
        real: `Examples`, with probabilities.
        labels: Their labels [N].
        fake: `Examples` as well.
        given: Labels that they were made with.
        names: Names of the classes.

    Returns:
        (values by name, values by name for each class' name).
    """
    right = fake.labels == given
    classes = {}
    for label, name in enumerate(names):
        of_real, of_fake = labels == label, given == label
        found = {"samples": int(of_fake.sum())}
        if of_fake.any():
            found["agreement"] = float(right[of_fake].mean())
        if min(of_real.sum(), of_fake.sum()) > NEIGHBOURS:
            near = metrics.precision_recall(real.features[of_real], fake.features[of_fake])
            found |= {"precision": near.precision, "recall": near.recall}
        classes[name] = found
    return {"class_agreement": float(right.mean())}, classes


def accuracy_score(fake, given, real, labels, num_classes):
    """Returns how often a classifier is right on real images that was trained on samples alone.

    The classification accuracy score of Ravuri, Vinyals 2019, by the small classifier of
    `evaluation.classifier`: it falls with each way in which samples are not like the data.

    Args:
        fake: Samples, images as uint8.
        given: Labels that they were made with.
        real: Images as uint8.
        labels: Their labels.
        num_classes: Number of classes.
    """
    network = classifier.trained(fake, given, num_classes)
    return classifier.accuracy(network, real, labels)


def measure_codes(model, function, fake, given):
    """Measures what the categorical codes say of the samples.

    `code_information`, `code_purity` and `code_agreement` compare the code that says most of
    it with the class that the classifier sees (`metrics.contingency`); `code_bound` is the
    lower bound of the mutual information of that code and the sample, in nats, by the model's
    own Q: H(c) - E[-log Q(c | x)].

    Args:
        model: A model, whose discriminator may guess the codes.
        function: Its `Function`, with categorical conditions.
        fake: `Examples`, its samples.
        given: Their conditions by name.
    """
    found = {}
    for condition in function.conditions:
        if condition.count is not None:
            codes = given[condition.name]
            said = metrics.contingency(
                codes, fake.labels, condition.count, fake.probabilities.shape[1]
            )
            found[condition.name] = said
    name = max(found, key=lambda own: found[own].information)
    best = found[name]
    values = {
        "code_information": best.information,
        "code_purity": best.purity,
        "code_agreement": best.agreement,
    }
    if _answers(model, name):
        logits, codes = _answered(model, fake.images, name), given[name][: len(fake.images)]
        of_code = tf.nn.log_softmax(logits).numpy()[np.arange(len(codes)), codes]
        values["code_bound"] = float(np.log(logits.shape[1]) + of_code.mean())
    return values


def _answers(model, name):
    output = getattr(getattr(model, "discriminator", None), "output", None)
    return isinstance(output, dict) and name in output


def _answered(model, images, name):
    """Returns one of D's answers to images, uint8, as float32 logits [N, K]."""
    parts = (images[start : start + _BATCH] for start in range(0, len(images), _BATCH))
    answers = (model.discriminator(floats(x), training=False)[name] for x in parts)
    return np.concatenate([np.asarray(tf.cast(x, tf.float32)) for x in answers])
