"""Fixtures: a tiny export and its servers."""

import pytest

from keras_gan.serving.stand_in.model import Model
from tests.stand_in.asking import rest_server
from tests.tiny_export import write_export


@pytest.fixture(scope="package")
def export_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("export")
    for version in (1, 2):
        write_export(str(path), version)
    (path / "saved_model" / ".tmp-12").mkdir()
    (path / "models.config").write_text(
        'model_config_list { config { name: "dcgan"  # A comment.\n'
        "  model_version_policy { all {} }\n"
        '  version_labels { key: "stable" value: 1 }\n'
        '  version_labels { key: "canary", value: 2 } } }\n'
    )
    return str(path)


@pytest.fixture(scope="package")
def model(export_dir):
    return Model(export_dir, "dcgan")


@pytest.fixture(scope="package")
def rest(model):
    with rest_server(model) as server:
        yield server


@pytest.fixture(scope="package")
def labelled(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("labelled"))
    write_export(path, labels=True)
    with rest_server(Model(path, "dcgan")) as server:
        yield server


@pytest.fixture(scope="package")
def channel(model):
    import grpc

    from keras_gan.serving.stand_in import rpc

    server, port = rpc.start(model, 0)
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
        channel.port = port
        yield channel
    server.stop(0).wait()
