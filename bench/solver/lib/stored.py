"""Results kept in bench/solver/stored: one file per suite, dimension, budget and contender; after a line on it, a line per run.

A file grows as runs are added, so making it can be interrupted and continued. Slow peers are read from here. Ours is kept too, with
a digest of the solver that it was measured on: the same judged table can be printed again, and an old one is told.
"""

import hashlib

import json
import os
import platform
from importlib import metadata

PACKAGES = ("cma", "cobyqa", "coco-experiment", "nlopt", "numpy", "optuna", "Py-BOBYQA", "scikit-optimize", "scipy")


def versions():
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return {"python": platform.python_version(), **found}


def solver_digest():
    """Of the sources of our solver: another digest may be another solver."""
    root = os.path.join(os.path.dirname(__file__), "../../../crates/homeostat-solver/src")
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            with open(os.path.join(folder, name), "rb") as file:
                digest.update(name.encode() + file.read())
    return digest.hexdigest()[:16]


def is_ours(contender):
    return contender.startswith("homeostat")


def read(path, adding=False):
    """Runs by name: none where new ones of ours are to follow those of another state of the solver."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf8") as file:
        about, *rows = [json.loads(line) for line in file]
    if is_ours(about["contender"]) and about["solver"] != solver_digest():
        print(f"{os.path.basename(path)} was measured on another state of the solver{', and starts over' if adding else ''}")
        if adding:
            return {}
    return dict(rows)


def write(path, about, runs, order=None):
    solver = {"solver": solver_digest()} if is_ours(about["contender"]) else {}
    lines = [{**about, **solver, "versions": versions()}] + [[key, runs[key]] for key in sorted(runs, key=order)]
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="utf8") as file:
        file.write("".join(f"{json.dumps(line)}\n" for line in lines))
    os.replace(temporary, path)


class Store:
    """Runs of one contender on a suite."""

    def __init__(self, folder, suite, dimension, multiple, contender, adding=False):
        name = contender.replace(" ", "-").replace("(", "").replace(")", "")
        self.path = os.path.join(folder, f"{suite}-{dimension}d-{multiple}-{name}.jsonl")
        self.about = {"suite": suite, "dimension": dimension, "multiple": multiple, "contender": contender}
        self.runs = read(self.path, adding)

    def get(self, function, instance):
        """Targets reached at each checkpoint of a run, and its milliseconds per evaluation; None where it was not run."""
        return self.runs.get(f"f{function}i{instance}")

    def put(self, function, instance, hits, ms):
        self.runs[f"f{function}i{instance}"] = [hits, round(ms, 3)]

    def save(self):
        write(self.path, self.about, self.runs, lambda key: tuple(int(part) for part in key[1:].split("i")))
