"""What samples of given classes, or codes, are worth: whether they show what was asked for."""

import numpy as np
import tensorflow as tf

from keras_gan import metrics
from keras_gan.evaluation import classifier
from keras_gan.metrics.precision import NEIGHBOURS

_BATCH = 64


def given_to(model, count, seed):
    """Returns the conditions of the first `count` samples that are judged, arrays by name."""
    return model.seeded_conditions([(seed, i) for i in range(count)])


def measure_labels(real, real_labels, fake, given, names):
    """Measures samples of given classes by a classifier's classes and features.

    Args:
        real: `Examples`, with probabilities.
        real_labels: Their labels [N].
        fake: `Examples` as well.
        given: Labels that they were made with.
        names: Names of the classes.

    Returns:
        (values by name, values by name for each class' name).
    """
    right = fake.labels == given
    classes = {}
    for label, name in enumerate(names):
        of_real, of_fake = real_labels == label, given == label
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
    network = classifier.trained(fake, given[: len(fake)], num_classes)
    return classifier.accuracy(network, real, labels)


def measure_codes(model, fake, given):
    """Measures what the categorical codes say of the samples.

    `code_information`, `code_purity` and `code_agreement` compare the code that says most of
    it with the class that the classifier sees (`metrics.contingency`); `code_bound` is the
    lower bound of the mutual information of that code and the sample, in nats, by the model's
    own Q: H(c) - E[-log Q(c | x)].

    Args:
        model: A model with categorical conditions.
        fake: `Examples`, its samples.
        given: Their conditions by name.
    """
    found = {}
    for condition in model.conditions:
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
    bound = _bound(model, fake.images, given[name], name)
    return values if bound is None else {**values, "code_bound": bound}


def _bound(model, images, codes, name):
    output = model.discriminator.output
    if not isinstance(output, dict) or name not in output:
        return None
    losses, count = [], output[name].shape[-1]
    for start in range(0, len(images), _BATCH):
        part = tf.cast(images[start : start + _BATCH], tf.float32) / 127.5 - 1.0
        logits = tf.cast(model.discriminator(part, training=False)[name], tf.float32)
        of_code = tf.nn.log_softmax(logits).numpy()
        losses.append(-of_code[np.arange(len(part)), codes[start : start + _BATCH]])
    return float(np.log(count) - np.concatenate(losses).mean())
