"""Compares builds of the continuous machine on BBOB's instances 1 to 5, which are there to develop on; the others judge.

    python bench/solver/develop/compare.py --dim 5 --budget 200 --seeds 3 before.so after.so

A build is a shared library of crates/homeostat-problems (cargo build --release -p homeostat-problems), set aside under
another name. Same seeds and instances for all; each row but the first says how far it differs from the first, with the
standard error of that difference over runs. --noisy takes f101 to f130, --functions some of them, --each prints every one.
"""

import argparse
import ctypes
import os
import sys
import time
from multiprocessing import Pool

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lib.objective import FUNCTIONS, MULTIPLES, Objective, TARGETS  # noqa: E402

INSTANCES = range(1, 6)
_DOUBLES = ctypes.POINTER(ctypes.c_double)
_libraries = {}


def library(path):
    if path not in _libraries:
        lib = ctypes.CDLL(os.path.abspath(path))
        lib.continuous_new.restype = ctypes.c_void_p
        lib.continuous_new.argtypes = [ctypes.c_uint32, ctypes.c_uint64]
        lib.continuous_ask.argtypes = [ctypes.c_void_p, _DOUBLES]
        lib.continuous_tell.argtypes = [ctypes.c_void_p, ctypes.c_double]
        lib.continuous_free.argtypes = [ctypes.c_void_p]
        _libraries[path] = lib
    return _libraries[path]


def one(job):
    """Shares of targets at the checkpoints, mean and greatest microseconds per evaluation of one run."""
    path, suite, function, instance, dimension, multiple, seed = job
    lib = library(path)
    objective = Objective(suite, function, instance, dimension, multiple * dimension)
    if suite == "noisy":
        np.random.seed(1000 * function + instance + 7777 * seed)
    machine = lib.continuous_new(dimension, function * 1000 + instance * 10 + dimension + seed * 7919)
    x = np.zeros(dimension)
    at = x.ctypes.data_as(_DOUBLES)
    total = longest = 0.0
    for _ in range(objective.budget):
        begin = time.perf_counter()
        lib.continuous_ask(machine, at)
        asked = time.perf_counter()
        y = objective(10 * x - 5)
        tell = time.perf_counter()
        lib.continuous_tell(machine, y)
        spent = asked - begin + time.perf_counter() - tell
        total += spent
        longest = max(longest, spent)
    lib.continuous_free(machine)
    return np.array(objective.hits()) / len(TARGETS), 1e6 * total / objective.budget, 1e6 * longest


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("builds", nargs="+")
    parser.add_argument("--dim", type=int, default=5)
    parser.add_argument("--budget", type=int, default=200, help="multiples of the dimension")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--noisy", action="store_true")
    parser.add_argument("--functions", help="as 6-14")
    parser.add_argument("--each", action="store_true", help="print every function at the last checkpoint")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    suite = "noisy" if options.noisy else "bbob"
    functions = list(FUNCTIONS[suite])
    if options.functions:
        first, _, last = options.functions.partition("-")
        functions = list(range(int(first), int(last or first) + 1))
    multiples = [m for m in MULTIPLES if m <= options.budget]
    print(f"{suite} {options.dim}-D, instances 1-5, {options.seeds} seeds: share of 51 targets reached")
    reference = None
    with Pool(options.processes) as pool:
        for build in options.builds:
            runs = [(f, i, s) for f in functions for i in INSTANCES for s in range(options.seeds)]
            jobs = [(build, suite, f, i, options.dim, options.budget, s) for f, i, s in runs]
            shares, mean_us, most_us = (np.array(column) for column in zip(*pool.map(one, jobs, chunksize=4)))
            scores = " ".join(f"{m}D {v:.4f}" for m, v in zip(multiples, shares.mean(axis=0)))
            print(f"{build}: {scores}; {mean_us.mean():.1f} us per evaluation, at most {most_us.max():.0f}", flush=True)
            if reference is None:
                reference = shares
            else:
                change = shares - reference
                error = change.std(axis=0, ddof=1) / np.sqrt(len(runs))
                print("  " + " ".join(f"{m}D {c:+.4f}±{e:.4f}" for m, c, e in zip(multiples, change.mean(axis=0), error)))
            if options.each:
                last = shares[:, -1].reshape(len(functions), -1).mean(axis=1)
                print("  " + " ".join(f"f{f} {v:.2f}" for f, v in zip(functions, last)))


if __name__ == "__main__":
    main()
