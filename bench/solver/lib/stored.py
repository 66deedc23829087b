"""Results kept in bench/solver/stored: one file per suite, dimension, budget and contender; one entry per run.

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


class Store:
    def __init__(self, folder, suite, dimension, multiple, peer):
        self.path = os.path.join(folder, f"{suite}-{dimension}d-{multiple}-{peer}.json")
        self.runs = {}
        self.about = {"suite": suite, "dimension": dimension, "multiple": multiple, "peer": peer}
        self.solver = solver_digest() if is_ours(peer) else None
        if os.path.exists(self.path):
            with open(self.path, encoding="utf8") as file:
                kept = json.load(file)
            self.runs = kept["runs"]
            if kept.get("solver") != self.solver:
                print(f"{os.path.basename(self.path)} was measured on another state of the solver")

    def get(self, function, instance):
        """Targets reached at each checkpoint of a run, and its milliseconds per evaluation; None where it was not run."""
        return self.runs.get(f"f{function}i{instance}")

    def put(self, function, instance, hits, ms):
        self.runs[f"f{function}i{instance}"] = [hits, round(ms, 3)]

    def save(self):
        place = lambda key: tuple(int(part) for part in key[1:].split("i"))
        rows = [f"{json.dumps(key)}: {json.dumps(self.runs[key])}" for key in sorted(self.runs, key=place)]
        solver = {"solver": self.solver} if self.solver else {}
        head = json.dumps({**self.about, **solver, "versions": versions()})[:-1]
        text = head + ',\n"runs": {\n' + ",\n".join(rows) + "\n}}\n"
        temporary = f"{self.path}.{os.getpid()}"
        with open(temporary, "w", encoding="utf8") as file:
            file.write(text)
        os.replace(temporary, self.path)
