"""Agreement with public implementations, where they are installed (none is required)."""

import numpy as np
import pytest

from keras_gan import metrics

REAL, FAKE = np.random.default_rng(0).normal(size=(2, 300, 16))
FAKE = FAKE * 0.8 + 0.2


@pytest.mark.parametrize("k", [1, 3, 5])
def test_prdc(k):
    prdc = pytest.importorskip("prdc")
    expected = prdc.compute_prdc(REAL, FAKE, nearest_k=k)
    received = (*metrics.precision_recall(REAL, FAKE, k), *metrics.density_coverage(REAL, FAKE, k))
    names = ("precision", "recall", "density", "coverage")
    assert received == pytest.approx([expected[name] for name in names], rel=1e-9)


def fidelity(name):
    return pytest.importorskip(f"torch_fidelity.{name}"), pytest.importorskip("torch")


def test_torch_fidelity_frechet():
    module, _ = fidelity("metric_fid")
    statistics = [{"mu": x.mean(0), "sigma": np.cov(x, rowvar=False)} for x in (REAL, FAKE)]
    expected = module.fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"]
    assert metrics.frechet_distance(REAL, FAKE) == pytest.approx(expected, rel=1e-6)


def test_torch_fidelity_kernel():
    module, torch = fidelity("metric_kid")
    settings = dict(kid_subsets=1, kid_subset_size=300, kid_degree=3, kid_gamma=None, kid_coef0=1)
    expected = module.kid_features_to_metric(
        torch.tensor(REAL), torch.tensor(FAKE), verbose=False, rng_seed=0, **settings
    )["kernel_inception_distance_mean"]
    received = metrics.kernel_distance(REAL, FAKE, subsets=1, subset_size=300).mean
    assert received == pytest.approx(expected, rel=1e-6)


def test_torch_fidelity_inception_score():
    module, torch = fidelity("metric_isc")
    logits = torch.tensor(REAL)
    expected = module.isc_features_to_metric(logits, splits=7, shuffle=False)
    received = metrics.inception_score(torch.softmax(logits, 1).numpy(), splits=7)
    assert received == pytest.approx(list(expected.values()), rel=1e-6)


def test_torchmetrics_multi_scale_similarity():
    functional = pytest.importorskip("torchmetrics.functional.image")
    torch = pytest.importorskip("torch")
    first = np.random.default_rng(1).uniform(0, 1, (3, 192, 192, 3))
    second = 0.8 * first + 0.1
    expected = functional.multiscale_structural_similarity_index_measure(
        *(torch.tensor(x).permute(0, 3, 1, 2) for x in (first, second)),
        data_range=1.0,
        reduction="none",
    )
    received = metrics.ms_ssim(first, second, value_range=(0, 1))
    assert received == pytest.approx(expected.numpy(), rel=1e-3)
