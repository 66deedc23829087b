"""What peers cost per evaluation: the time between the answer to one evaluation and the request for the next."""

import time
import warnings

import numpy as np

from .objective import Stop
from .peers import PEERS

#: Numbers of past trials that the cost is looked at, over so many evaluations.
MARKS = (100, 1000, 10_000)
WINDOW = 100
#: A contender is left when it has taken this long.
SECONDS_MAX = 10
#: Those that go on evaluation after evaluation.
SEQUENTIAL = ("pycma-ipop", "pycma-lq", "nlopt-bobyqa", "scipy-cobyqa", "scipy-de")


def valley(x):
    """The objective of `problems overhead`."""
    return float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


class Clock:
    """An objective that takes no time of its own and notes how long each request was in coming."""

    def __init__(self, dimension, budget):
        self.D = dimension
        self.budget = budget
        self.waits = []
        self._begin = self._told = time.perf_counter()

    @property
    def left(self):
        return self.budget - len(self.waits)

    def __call__(self, x):
        now = time.perf_counter()
        if self.left <= 0 or now - self._begin > SECONDS_MAX:
            raise Stop
        self.waits.append(1e6 * (now - self._told))
        value = valley(np.asarray(x, float))
        self._told = time.perf_counter()
        return value


def sequential(name, dimension):
    clock = Clock(dimension, MARKS[-1] + WINDOW)
    try:
        PEERS[name](clock, np.random.default_rng(7))
    except Stop:
        pass
    return {str(m): float(np.mean(clock.waits[m : m + WINDOW])) for m in MARKS if len(clock.waits) >= m + WINDOW}


def optuna_tpe(multivariate, dimension):
    """Past trials are added, not searched for: TPE reads nothing else of them."""
    import optuna

    warnings.filterwarnings("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = {f"x{i}": optuna.distributions.FloatDistribution(-5, 5) for i in range(dimension)}
    rng = np.random.default_rng(7)
    marks = {}
    for m in MARKS:
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=7, multivariate=multivariate))
        points = rng.uniform(-5, 5, (m, dimension))
        make = lambda x: optuna.trial.create_trial(params=dict(zip(space, x)), distributions=space, value=valley(x))
        study.add_trials([make(x) for x in points])
        waits, begin = [], time.perf_counter()
        while len(waits) < WINDOW and (time.perf_counter() - begin < SECONDS_MAX / 6 or len(waits) < 3):
            asked = time.perf_counter()
            trial = study.ask(space)
            spent = time.perf_counter() - asked
            value = valley(np.array([trial.params[name] for name in space]))
            asked = time.perf_counter()
            study.tell(trial, value)
            waits.append(1e6 * (spent + time.perf_counter() - asked))
        marks[str(m)] = float(np.mean(waits))
    return marks


def run():
    rows = []
    for dimension in (5, 40):
        makers = {name: lambda name=name: sequential(name, dimension) for name in SEQUENTIAL}
        makers["optuna5-tpe"] = lambda: optuna_tpe(False, dimension)
        makers["optuna5-tpe-mv"] = lambda: optuna_tpe(True, dimension)
        for name, make in makers.items():
            rows.append({"layer": name, "dimensions": dimension, "marks_us": make()})
    return rows
