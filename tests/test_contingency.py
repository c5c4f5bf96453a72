"""Codes against classes: mutual information, purity, the best assignment."""

import itertools

import numpy as np
import pytest

from keras_gan import metrics
from keras_gan.errors import UserError
from keras_gan.metrics.contingency import best_assignment


def test_by_hand():
    found = metrics.contingency([0, 0, 1, 1], [2, 2, 0, 1], num_codes=2, num_classes=3)
    np.testing.assert_allclose(found.information, np.log(2.0))
    assert found.purity == found.agreement == 0.75
    assert found.classes[0] == 2 and found.classes[1] in (0, 1)


def test_two_codes_of_one_class_are_pure_but_do_not_agree():
    found = metrics.contingency([0, 1, 2, 2], [0, 0, 1, 1], num_codes=3, num_classes=2)
    assert found.purity == 1.0 and found.agreement == 0.75
    assert sorted(found.classes) == [-1, 0, 1]


def test_independent_codes_say_nothing():
    codes, classes = np.divmod(np.arange(36), 6)
    found = metrics.contingency(codes, classes, 6, 6)
    np.testing.assert_allclose([found.information, found.purity], [0.0, 1 / 6], atol=1e-12)


def test_the_best_assignment_is_the_best_of_all():
    draws = np.random.default_rng(0)
    for number in range(60):
        rows, columns = draws.integers(1, 6, 2)
        gains = draws.random((rows, columns))
        gains = gains if number % 2 else np.floor(3.0 * gains)
        found = best_assignment(gains)
        given = found[found >= 0]
        assert found.shape == (rows,) and len(set(given)) == len(given) == min(rows, columns)
        own = gains[np.flatnonzero(found >= 0), given].sum()
        tall = gains if rows >= columns else gains.T
        orders = itertools.permutations(range(len(tall)), tall.shape[1])
        best = max(tall[list(order), range(tall.shape[1])].sum() for order in orders)
        assert own == pytest.approx(best)


@pytest.mark.parametrize(
    ("codes", "classes"), [([], []), ([0, 1], [0]), ([0, 3], [0, 1]), ([0.5], [0]), ([0], [-1])]
)
def test_what_is_no_labelling_is_refused(codes, classes):
    with pytest.raises(UserError, match="Expected as many codes as classes, whole numbers from 0"):
        metrics.contingency(codes, classes, 3, 2)
