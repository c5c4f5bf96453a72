"""A SavedModel in TensorFlow's C++ session, through ctypes and without its Python package.

`TF_LoadSessionFromSavedModel` is `LoadSavedModel`, which TensorFlow Serving calls as well;
nothing between a request and the session checks types and shapes.
"""

import ctypes
import importlib.util
import os

import numpy as np

INVALID_ARGUMENT = 3
STRING = 7
_TYPES = {
    "float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int16": 5, "int8": 6, "int64": 9,
    "bool": 10, "float16": 19, "uint64": 23,
}  # fmt: skip
_NUMPY = {code: name for name, code in _TYPES.items()}


class NativeError(RuntimeError):
    """What the session says; `code` is a `tensorflow::error::Code`."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class _Output(ctypes.Structure):
    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


def library():
    """Loads TensorFlow's library from its wheel."""
    (package,) = importlib.util.find_spec("tensorflow").submodule_search_locations
    found = ctypes.CDLL(os.path.join(package, "libtensorflow_cc.so.2"))
    for name in (
        "TF_NewStatus", "TF_NewGraph", "TF_NewSessionOptions", "TF_LoadSessionFromSavedModel",
        "TF_GraphOperationByName", "TF_AllocateTensor", "TF_TensorData", "TF_StringGetDataPointer",
    ):  # fmt: skip
        getattr(found, name).restype = ctypes.c_void_p
    found.TF_Message.restype = ctypes.c_char_p
    for name in ("TF_TensorByteSize", "TF_StringGetSize"):
        getattr(found, name).restype = ctypes.c_size_t
    found.TF_Dim.restype = ctypes.c_int64
    return found


class NativeSession:
    """A loaded SavedModel.

    Args:
        directory: Of the SavedModel.
    """

    def __init__(self, directory):
        self._c = library()
        self._status = ctypes.c_void_p(self._c.TF_NewStatus())
        self._graph = ctypes.c_void_p(self._c.TF_NewGraph())
        options = ctypes.c_void_p(self._c.TF_NewSessionOptions())
        tags = (ctypes.c_char_p * 1)(b"serve")
        self._session = ctypes.c_void_p(
            self._c.TF_LoadSessionFromSavedModel(
                options, None, directory.encode(), tags, 1, self._graph, None, self._status
            )
        )
        self._raise_status()

    def run(self, inputs, outputs):
        """Runs the session.

        Args:
            inputs: Arrays by the name of their tensor.
            outputs: Names of tensors.

        Returns:
            An array, or a list of bytes, for each output.

        Raises:
            NativeError: If the session refuses.
        """
        fed = [ctypes.c_void_p(self._tensor(array)) for array in inputs.values()]
        answers = (ctypes.c_void_p * len(outputs))()
        self._c.TF_SessionRun(
            self._session, None,
            self._places(inputs), (ctypes.c_void_p * len(fed))(*fed), len(fed),
            self._places(outputs), answers, len(outputs),
            None, 0, None, self._status,
        )  # fmt: skip
        for tensor in fed:
            self._c.TF_DeleteTensor(tensor)
        self._raise_status()
        return [self._array(ctypes.c_void_p(answer)) for answer in answers]

    def _raise_status(self):
        if code := self._c.TF_GetCode(self._status):
            raise NativeError(code, self._c.TF_Message(self._status).decode(errors="replace"))

    def _places(self, names):
        places = (_Output * len(names))()
        for place, name in zip(places, names, strict=True):
            operation, _, index = name.partition(":")
            found = self._c.TF_GraphOperationByName(self._graph, operation.encode())
            assert found, f"no operation {operation}"
            place.operation, place.index = found, int(index)
        return places

    def _tensor(self, array):
        array = np.asarray(array, order="C")
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        size = ctypes.c_size_t(array.nbytes)
        tensor = self._c.TF_AllocateTensor(_TYPES[array.dtype.name], shape, array.ndim, size)
        data = self._c.TF_TensorData(ctypes.c_void_p(tensor))
        ctypes.memmove(data, array.ctypes.data, array.nbytes)
        return tensor

    def _array(self, tensor):
        code, rank = self._c.TF_TensorType(tensor), self._c.TF_NumDims(tensor)
        shape = [self._c.TF_Dim(tensor, axis) for axis in range(rank)]
        size, data = self._c.TF_TensorByteSize(tensor), self._c.TF_TensorData(tensor)
        if code == STRING:
            each = size // max(1, shape[0])
            strings = [ctypes.c_void_p(data + each * i) for i in range(shape[0])]
            answer = [
                ctypes.string_at(
                    self._c.TF_StringGetDataPointer(string), self._c.TF_StringGetSize(string)
                )
                for string in strings
            ]
        else:
            answer = np.frombuffer(ctypes.string_at(data, size), _NUMPY[code]).reshape(shape)
        self._c.TF_DeleteTensor(tensor)
        return answer
