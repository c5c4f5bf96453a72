"""TF Serving's gRPC API for a `Model`: predict, metadata and status."""

import contextlib
import os
from concurrent import futures

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # Silence gRPC's own messages.

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from keras_gan.errors import first_line
from keras_gan.serving.stand_in.status import failure
from keras_gan.serving.stand_in.tensor_protos import to_array, to_proto

_CODES = {code.value[0]: code for code in grpc.StatusCode}
_THREADS = 64


def start(model, port):
    """Starts a gRPC server on 127.0.0.1.

    Args:
        model: A `Model`.
        port: Port to listen on; 0 for any free port.

    Returns:
        (server, port); call `server.stop(seconds)` to end it.

    Raises:
        OSError: If the port is not available.
    """
    # Like TF Serving, no limit on message sizes. Without so_reuseport, a used port is an error.
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(
        futures.ThreadPoolExecutor(_THREADS), options=[*unlimited, ("grpc.so_reuseport", 0)]
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(_Prediction(model), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(_Status(model), server)
    try:
        port = server.add_insecure_port(f"127.0.0.1:{port}")
    except RuntimeError as error:
        raise OSError(first_line(error)) from None
    server.start()
    return server, port


@contextlib.contextmanager
def _errors_to(context):
    try:
        yield
    except tf.errors.OpError as error:
        failed = _CODES.get(error.error_code, grpc.StatusCode.UNKNOWN), error.message
    except Exception as error:
        failed = grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {first_line(error)}"
    else:
        return
    context.abort(*failed)


def _find(model, spec):
    number = spec.version.value if spec.HasField("version") else None
    return model.find(spec.name, number, spec.version_label)


class _Prediction(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, model):
        self._model = model

    def Predict(self, request, context):
        with _errors_to(context):
            version = _find(self._model, request.model_spec)
            signature = (
                request.model_spec.signature_name
                or tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY
            )
            inputs = {name: to_array(proto, name) for name, proto in request.inputs.items()}
            outputs = version.predict(signature, inputs)
            unknown = set(request.output_filter) - set(outputs)
            if unknown:
                raise failure(
                    tf.errors.INVALID_ARGUMENT,
                    f"output_filter must name outputs of {sorted(outputs)}. "
                    f"Received: {sorted(request.output_filter)}.",
                )
            response = predict_pb2.PredictResponse()
            response.model_spec.name = self._model.name
            response.model_spec.version.value = version.number
            response.model_spec.signature_name = signature
            for name in request.output_filter or outputs:
                response.outputs[name].CopyFrom(to_proto(np.asarray(outputs[name])))
            return response

    def GetModelMetadata(self, request, context):
        with _errors_to(context):
            version = _find(self._model, request.model_spec)
            if list(request.metadata_field) != ["signature_def"]:
                raise failure(
                    tf.errors.INVALID_ARGUMENT,
                    "metadata_field must be signature_def. "
                    f"Received: {list(request.metadata_field)}.",
                )
            signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=version.signatures)
            response = get_model_metadata_pb2.GetModelMetadataResponse()
            response.model_spec.name = self._model.name
            response.model_spec.version.value = version.number
            response.metadata["signature_def"].Pack(signatures)
            return response


class _Status(model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, model):
        self._model = model

    def GetModelStatus(self, request, context):
        with _errors_to(context):
            spec = request.model_spec
            version = _find(self._model, spec)
            one = spec.HasField("version") or spec.version_label
            response = get_model_status_pb2.GetModelStatusResponse()
            for number in [version.number] if one else self._model.numbers:
                state = get_model_status_pb2.ModelVersionStatus.AVAILABLE
                response.model_version_status.add(version=number, state=state)
            return response
