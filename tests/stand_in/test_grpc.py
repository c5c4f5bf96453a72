"""gRPC answers of the stand-in for TF Serving."""

import numpy as np
import pytest
import tensorflow as tf

from tests.stand_in.asking import LATENTS, images_of, needs_grpc, pngs_of_seeds
from tests.tiny_export import CAP


@needs_grpc
def test_predict_over_grpc(channel):
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "dcgan"
    request.inputs["latents"].CopyFrom(tf.make_tensor_proto(LATENTS))
    response = stub.Predict(request)
    images = tf.make_ndarray(response.outputs["images"])
    np.testing.assert_allclose(images, images_of(LATENTS), atol=1e-6)
    np.testing.assert_array_equal(response.outputs["images"].float_val, images.ravel())
    assert response.model_spec.version.value == 2
    assert response.model_spec.signature_name == "serving_default"

    request = predict_pb2.PredictRequest(output_filter=["image_bytes"])
    request.model_spec.name, request.model_spec.signature_name = "dcgan", "from_seeds_png"
    request.model_spec.version_label = "stable"
    request.inputs["seeds"].CopyFrom(tf.make_tensor_proto([4, 5], tf.int64))
    response = stub.Predict(request)
    assert list(response.outputs["image_bytes"].string_val) == pngs_of_seeds([4, 5], 1)
    assert response.model_spec.version.value == 1


@needs_grpc
def test_metadata_and_status_over_grpc(channel):
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_service_pb2_grpc,
        prediction_service_pb2_grpc,
    )

    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "dcgan"
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    response = stub.GetModelMetadata(request)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert "from_seeds_png" in signatures.signature_def

    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "dcgan"
    response = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request)
    assert [one.version for one in response.model_version_status] == [2, 1]
    assert {one.state for one in response.model_version_status} == {30}  # AVAILABLE


@needs_grpc
@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"name": "other"}, "NOT_FOUND", "Expected the model 'dcgan'"),
        ({"version": 3}, "NOT_FOUND", "version 2 or 1. Received: 'dcgan', version 3"),
        ({"label": "none"}, "INVALID_ARGUMENT", "Received: 'none'"),
        ({"signature": "none"}, "INVALID_ARGUMENT", "one of the signatures"),
        ({"inputs": {}}, "INVALID_ARGUMENT", "expects the inputs latents. Received: none"),
        ({"inputs": {"z": LATENTS}}, "INVALID_ARGUMENT", "Received: z"),
        ({"inputs": {"latents": LATENTS[:, 1:]}}, "INVALID_ARGUMENT", "the shape [N, 4]"),
        ({"inputs": {"latents": np.float64(LATENTS)}}, "INVALID_ARGUMENT", "Received: float64"),
        ({"inputs": {"latents": LATENTS * np.nan}}, "INVALID_ARGUMENT", "must be finite"),
        (
            {"inputs": {"latents": np.zeros((300_000, 4), "f4")}},  # More than gRPC's own 4 MiB.
            "INVALID_ARGUMENT",
            f"Expected at most {CAP} rows",
        ),
        ({"filter": "pictures"}, "INVALID_ARGUMENT", "output_filter must name outputs"),
        ({"sides": 2**40}, "INVALID_ARGUMENT", "must have at most"),
        ({"sides": 5}, "INVALID_ARGUMENT", "latents must be a complete tensor"),
    ],
    ids=repr,
)
def test_bad_requests_over_grpc(channel, capfd, change, code, message):
    import grpc
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name = change.get("name", "dcgan")
    request.model_spec.signature_name = change.get("signature", "")
    if "version" in change:
        request.model_spec.version.value = change["version"]
    if "label" in change:
        request.model_spec.version_label = change["label"]
    for name, value in change.get("inputs", {"latents": LATENTS}).items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    if "sides" in change:
        request.inputs["latents"].tensor_shape.dim[0].size = change["sides"]
    request.output_filter.extend([change["filter"]] if "filter" in change else [])
    with pytest.raises(grpc.RpcError) as raised:
        prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=30)
    assert raised.value.code().name == code
    assert message in raised.value.details() and "\n" not in raised.value.details()
    assert capfd.readouterr().err == ""
