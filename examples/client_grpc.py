"""Gets the images of seeds from a served generator over gRPC. Needs tensorflow-serving-api.

python examples/client_grpc.py --seeds 0 1 2 --output images
"""

import argparse
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
flags.add_argument("--address", default="localhost:8500", help="host:port")
flags.add_argument("--model", default="dcgan")
flags.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
flags.add_argument("--labels", type=int, nargs="+", help="one for each seed, if it has classes")
flags.add_argument("--output", default="images", type=lambda path: pathlib.Path(path).expanduser())
options = flags.parse_args()
try:  # Imports TensorFlow, which takes seconds.
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
except ImportError as error:
    sys.exit(f"error: {error}. pip install tensorflow-serving-api")
request = predict_pb2.PredictRequest()
request.model_spec.name, request.model_spec.signature_name = options.model, "from_seeds_png"
try:
    for name in ("seeds", "labels") if options.labels else ("seeds",):
        request.inputs[name].CopyFrom(tf.make_tensor_proto(getattr(options, name), tf.int64))
    with grpc.insecure_channel(options.address, [("grpc.max_receive_message_length", -1)]) as link:
        predict = prediction_service_pb2_grpc.PredictionServiceStub(link).Predict
        pngs = predict(request, timeout=60).outputs["image_bytes"].string_val
    options.output.mkdir(parents=True, exist_ok=True)
    for seed, png in zip(options.seeds, pngs, strict=True):
        (file := options.output / f"seed_{seed:08d}.png").write_bytes(png)
        print(file)
except grpc.RpcError as error:
    sys.exit(f"error: {options.address} answered {error.code().name}: {error.details()}")
except (OSError, OverflowError) as error:
    sys.exit(f"error: {error}")
