"""Our solver and our problems through the C interface of crates/homeostat-problems."""

import ctypes
import json
import os

import numpy as np

_DOUBLES = ctypes.POINTER(ctypes.c_double)
# Judging what is stored needs no library.
_lib = ctypes.CDLL(os.environ["HOMEOSTAT_PROBLEMS"]) if "HOMEOSTAT_PROBLEMS" in os.environ else None
_SIGNATURES = {
    "problem_evaluate": (ctypes.c_double, [ctypes.c_uint32, _DOUBLES, ctypes.c_uint32]),
    "landscape_evaluate": (ctypes.c_double, [ctypes.c_uint32, _DOUBLES, ctypes.c_uint32]),
    "study_new": (ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_size_t]),
    "study_ask": (ctypes.c_int32, [ctypes.c_void_p, _DOUBLES]),
    "study_tell": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_double]),
    "study_best": (ctypes.c_int32, [ctypes.c_void_p, _DOUBLES]),
    "study_explain": (ctypes.c_size_t, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]),
    "study_free": (None, [ctypes.c_void_p]),
    "continuous_new": (ctypes.c_void_p, [ctypes.c_uint32, ctypes.c_uint64]),
    "continuous_ask": (None, [ctypes.c_void_p, _DOUBLES]),
    "continuous_tell": (None, [ctypes.c_void_p, ctypes.c_double]),
    "continuous_free": (None, [ctypes.c_void_p]),
    "mixed_new": (
        ctypes.c_void_p,
        [ctypes.POINTER(ctypes.c_uint32), ctypes.POINTER(ctypes.c_uint32), ctypes.c_uint32, ctypes.c_uint64],
    ),
    "mixed_ask": (ctypes.c_int32, [ctypes.c_void_p, _DOUBLES]),
    "mixed_tell": (None, [ctypes.c_void_p, _DOUBLES, ctypes.c_double]),
    "mixed_free": (None, [ctypes.c_void_p]),
}
for _name, (_result, _arguments) in _SIGNATURES.items() if _lib else ():
    _function = getattr(_lib, _name)
    _function.restype = _result
    _function.argtypes = _arguments


def pointer(array):
    return array.ctypes.data_as(_DOUBLES)


class Study:
    """A study of ours: what every binding exposes."""

    def __init__(self, bounds, seed, budget=None, strategy="auto", **more):
        config = {"seed": int(seed) % (1 << 32), "bounds": bounds, "strategy": strategy, **more}
        if budget:
            config["budget"] = budget
        text = json.dumps(config).encode()
        self._handle = _lib.study_new(text, len(text))
        if not self._handle:
            raise ValueError("the configuration was refused")
        self._out = np.zeros(len(bounds))

    def ask(self):
        """The next point and its trial; None where the space is exhausted."""
        trial = _lib.study_ask(self._handle, pointer(self._out))
        return (self._out.copy(), trial) if trial >= 0 else None

    def tell(self, trial, value):
        if not _lib.study_tell(self._handle, trial, float(value)):
            raise ValueError(f"trial {trial} was refused")

    def best(self):
        """The point that the study would recommend now."""
        return self._out.copy() if _lib.study_best(self._handle, pointer(self._out)) >= 0 else None

    def explain(self):
        """Everything a person may ask, as JSON."""
        length = _lib.study_explain(self._handle, None, 0)
        text = ctypes.create_string_buffer(length)
        _lib.study_explain(self._handle, text, length)
        return text.raw.decode()

    def __del__(self):
        if getattr(self, "_handle", None):
            _lib.study_free(self._handle)
            self._handle = None


class _Function:
    """One of a fixture's functions, with what the fixture says of it."""

    def __init__(self, evaluate, index, entry):
        self._evaluate = evaluate
        self._index = index
        self.__dict__.update(entry)

    def __call__(self, x):
        x = np.ascontiguousarray(x, dtype=float)
        return self._evaluate(self._index, pointer(x), len(x))


def _fixture(root, name, evaluate):
    with open(os.path.join(root, f"fixtures/solver/{name}.json"), encoding="utf8") as file:
        return [_Function(evaluate, index, entry) for index, entry in enumerate(json.load(file))]


def problems(root):
    """The published mixed problems."""
    return _fixture(root, "mixed", getattr(_lib, "problem_evaluate", None))


def landscapes(root):
    """The labelled landscapes."""
    return _fixture(root, "landscapes", getattr(_lib, "landscape_evaluate", None))
