"""JSON answers in the format of TF Serving's REST API."""

import base64
import json

import numpy as np
from google.protobuf import json_format


def predictions(outputs, is_row):
    """Returns the answer to a predict request, as text.

    If there is a single output, its name is left out. Outputs whose name ends in
    `_bytes` are binary by TF Serving's convention and are written as `{"b64": ...}`.
    """
    plain = {name: _to_plain(value, name) for name, value in sorted(outputs.items())}
    if len(plain) == 1:
        (values,) = plain.values()
    elif is_row:
        values = [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]
    else:
        values = plain
    return json.dumps({"predictions" if is_row else "outputs": values})


def _to_plain(value, name):
    value = np.asarray(value)
    if value.dtype == object and name.endswith("_bytes"):
        value = _each(lambda item: {"b64": base64.b64encode(item).decode()}, value)
    elif value.dtype == object:
        value = _each(lambda item: item.decode("utf-8", "replace"), value)
    elif value.dtype == np.float32:
        value = value.astype(str).astype(float)  # Write 0.2, not 0.20000000298.
    return value.tolist()


def _each(convert, value):
    converted = np.empty(value.shape, object)
    converted.flat = [convert(item) for item in value.flat]
    return converted


def status(numbers):
    """Returns the status of versions as text; all of them are available."""
    ready = {"state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    versions = [{"version": str(number), **ready} for number in numbers]
    return json.dumps({"model_version_status": versions})


def metadata(name, version):
    """Returns the signatures of a `Version` as text, and what its export states beside them.

    TF Serving returns the signatures only.
    """
    options = {"preserving_proto_field_name": True, "always_print_fields_with_no_presence": True}
    signatures = {
        key: json_format.MessageToDict(signature, **options)
        for key, signature in version.signatures.items()
    }
    spec = {"name": name, "signature_name": "", "version": str(version.number)}
    told = {"signature_def": {"signature_def": signatures}, "stated": version.stated}
    return json.dumps({"model_spec": spec, "metadata": told})
