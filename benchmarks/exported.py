"""The export that is measured: DCGAN's generator of 64x64x3, width 64, kernel 4."""


def write(directory):
    """Writes both formats; there is nothing to measure."""
    import os

    import keras

    from keras_gan import models
    from keras_gan.serving import onnx_model, saved_model
    from keras_gan.serving.generator import ServedGenerator
    from keras_gan.serving.inference import inference_network

    keras.utils.set_random_seed(0)
    model = models.get("dcgan")((64, 64, 3), width=64, kernel_size=4)
    network = inference_network(model.averaged_generator)
    generator = ServedGenerator(model, network, "benchmark", 256, {})
    path = os.path.join(directory, "saved_model", "1")
    os.makedirs(path)
    saved_model.write(generator, path)
    onnx_model.write(generator, directory)
    return None, {}
