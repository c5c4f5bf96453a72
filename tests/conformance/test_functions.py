"""Tests of all functions of all systems: outputs, seeds, averages and exports."""

import re

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import UserError, models
from keras_gan.game.ports import Images, Tokens
from keras_gan.serving import onnx_model, saved_model
from keras_gan.serving.endpoints import Endpoints
from keras_gan.serving.function import ServedFunction
from keras_gan.serving.inference import inference_network
from tests import consumer_operations
from tests.conformance.sessions import build
from tests.serving_toys import served as serve

# One system is exported for each kind of function, which is a network with its ports. A system
# with a new kind fails until that kind is listed here.
EXPORTED_BY = {
    "dcgan.Generator: Latents -> Images": "dcgan",
    "mlp.Generator: Latents -> Images": "gan",
    "labelled.Generator: Latents, Condition -> Images": "cgan",
    "infogan.Generator: Latents, Condition, Condition -> Images": "infogan",
    "conditional_resnet.Generator: Latents, Condition -> Images": "biggan",
    "resnet.Generator: Latents -> Images": "sagan",
    "r3gan.Generator: Latents -> Images": "r3gan",
    "began.Decoder: Latents -> Images": "began",
    "translation.Generator: Images -> Images": "cyclegan",
    "recurrent.Policy: Latents -> Tokens": "seqgan",
}


def kind(function):
    """Describes a function: its network and its ports."""
    network = type(function.network)
    inputs = ", ".join(type(port).__name__ for port in function.inputs)
    output = type(function.output).__name__
    module = network.__module__.rpartition(".")[2]
    return f"{module}.{network.__name__}: {inputs} -> {output}"


@pytest.fixture(scope="module", params=models.names())
def model(request):
    model = build(request.param)
    for network, twin in model._averaged:  # Make the two networks differ.
        twin.set_weights([weights + 0.01 for weights in network.get_weights()])
    return model


def check_images(port, rows):
    assert rows.dtype == np.float32 and np.isfinite(rows).all()
    assert all(side in (None, own) for side, own in zip(port.shape, rows.shape[1:], strict=True))


def check_tokens(port, rows):
    assert rows.dtype == np.int32 and rows.shape[1:] == port.shape
    assert rows.min() >= 0 and rows.max() < len(port.vocabulary)
    assert all(len(text) >= port.length for text in port.text(rows))


CHECKS = {Images: check_images, Tokens: check_tokens}


def test_outputs_match_the_port(model):
    assert model.functions
    for name, function in model.functions.items():
        assert type(function.output) in CHECKS, f"{name}: add a check of its output"
        assert kind(function) in EXPORTED_BY, f"{name}: add its kind to EXPORTED_BY"
        CHECKS[type(function.output)](function.output, rows_and_output(function, 3)[1])


def rows_and_output(function, count, seed=7, averaged=True):
    given = {port.name: port.examples(np.arange(count)) for port in function.given}
    rows = function.rows([(seed, i) for i in range(count)], **given)
    return rows, function.run(rows, averaged)


def test_each_row_is_independent_of_the_others(model):
    for function in model.functions.values():
        rows, four = rows_and_output(function, 4)
        _, two = rows_and_output(function, 2)
        np.testing.assert_allclose(four[:2], two, atol=1e-5)
        second = {name: values[1:2] for name, values in rows.items()}
        np.testing.assert_allclose(function.run(second)[0], two[1], atol=1e-5)
        assert len(rows_and_output(function, 0)[1]) == 0


def test_samples_depend_only_on_seeds(model):
    for name, function in model.functions.items():
        if function.given:
            continue
        one = model.sample(4, seed=7, function=name)
        np.testing.assert_array_equal(one, model.sample(4, seed=7, function=name))
        np.testing.assert_allclose(
            model.sample_seeds([(7, 1)], function=name)[0], one[1], atol=1e-5
        )
        latents = [model.function(name).rows([(seed, 0)])["latents"] for seed in (7, 8)]
        assert not np.allclose(*latents)


def test_samples_come_from_the_averaged_network(model):
    for function in model.functions.values():
        if isinstance(function.output, Images):
            average, raw = (rows_and_output(function, 2, averaged=x)[1] for x in (True, False))
            assert not np.allclose(average, raw)


def test_calling_the_model_runs_the_first_function(model):
    function = model.function()
    rows, output = rows_and_output(function, 2)
    inputs = rows if len(rows) > 1 else next(iter(rows.values()))
    np.testing.assert_allclose(np.asarray(model(inputs)), output, atol=1e-6)


def test_unknown_inputs_and_functions_are_refused(model):
    with pytest.raises(UserError, match="has the functions .* Received: nothing"):
        model.function("nothing")
    with pytest.raises(UserError, match="takes no nothing"):
        model.function().rows([(0, 0)], nothing=[1])
    for function in model.functions.values():
        if function.given:
            with pytest.raises(UserError, match="cannot be drawn from a seed"):
                function.rows([(0, 0)])


def test_other_tools_can_read_the_served_functions(model):
    """The operations of each system's functions; exported files are tested below."""
    for name, function in model.functions.items():
        network = inference_network(function.averaged, independent_rows=True)
        endpoints = Endpoints(serve(model, network, name))
        signature = "serving_default" if name == model.main_function else name
        endpoint, specs = endpoints.signatures()[signature]
        traced = tf.function(endpoint, input_signature=specs).get_concrete_function()
        used = consumer_operations.of_function(traced)
        assert {"Assert", "Placeholder"} < used  # The checks of the inputs were found.
        assert used <= consumer_operations.READ_BY_ALL


# What only TensorFlow runs: random numbers, and PNG files.
ONLY_TENSORFLOW = re.compile("from_seeds|png$")


@pytest.mark.parametrize(
    "name",
    [
        # test_served_functions.py exports it by default.
        pytest.param(name, marks=pytest.mark.soak if name == "cyclegan" else ())
        for name in sorted(set(EXPORTED_BY.values()))
    ],
)
def test_exports_give_the_outputs_of_keras(name, tmp_path):
    """Exports all functions to SavedModel and ONNX. The writers compare each with Keras."""
    model = build(name)
    kinds = {kind(function) for function in model.functions.values()}
    assert name in {EXPORTED_BY[one] for one in kinds}
    metadata = {"max_batch": "8", "license": "mit", "step": "0", "dataset": "none"}
    served = [
        ServedFunction(
            function, own, inference_network(function.averaged), name, 8, metadata, not number
        )
        for number, (own, function) in enumerate(model.functions.items())
    ]
    for writer, file in ((saved_model, "saved_model.pb"), (onnx_model, None)):
        directory = tmp_path / writer.__name__
        directory.mkdir()
        writer.write(served, str(directory))
        assert any(directory.glob(file or "*.onnx"))
    used = consumer_operations.of_signatures(tmp_path / saved_model.__name__)
    assert {"serving_default", *model.functions} - {"sample"} <= set(used)
    for signature, operations in used.items():
        extra = operations - consumer_operations.READ_BY_ALL
        assert bool(extra) == bool(ONLY_TENSORFLOW.search(signature)), (signature, extra)
    with saved_model.session(str(tmp_path / saved_model.__name__)) as run:
        for function in served:  # Compared again, independently of the writers' own checks.
            rows, expected = function.example(2)
            names = [port.name for port in function.function.inputs]
            signature = "serving_default" if function.is_main else function.name
            answer = run(signature, {key: rows[key] for key in names})
            np.testing.assert_allclose(answer[function.function.output.name], expected, atol=1e-4)
