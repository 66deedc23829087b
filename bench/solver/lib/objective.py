"""BBOB objectives with a budget, and how runs on them are scored.

A run's score at a checkpoint is the share of 51 targets, 1e2 to 1e-8 above the optimum, evenly spaced in the logarithm, that
its best point so far has reached. Noiseless functions come from the COCO code itself (PyPI coco-experiment), optima and noisy
functions from its Python twin in pycma, which can also say what a noisy function's true value is.
"""

import warnings

import numpy as np

warnings.filterwarnings("ignore")

import cocoex  # noqa: E402
from cma import bbobbenchmarks  # noqa: E402

TARGETS = 10.0 ** np.linspace(2, -8, 51)
MULTIPLES = (5, 10, 20, 50, 100, 200, 500)
FUNCTIONS = {"bbob": range(1, 25), "noisy": range(101, 131)}
GROUPS = {
    "bbob": {"separable": (1, 5), "moderate": (6, 9), "ill-conditioned": (10, 14), "multimodal": (15, 19), "weak": (20, 24)},
    "noisy": {"moderate noise": (101, 106), "severe noise": (107, 121), "multimodal": (122, 130)},
}


class Stop(Exception):
    """The budget is spent."""


class Objective:
    """A function in [-5, 5]^D. Points outside are moved to the box's edge. Raises Stop beyond the budget."""

    def __init__(self, suite, function, instance, dimension, budget):
        self.D = dimension
        self.budget = budget
        self.errors = []
        self._best_seen = np.inf
        self._twin, self._optimum = bbobbenchmarks.instantiate(function, iinstance=instance)
        if suite == "noisy":
            # The twin draws its noise from numpy's global generator.
            np.random.seed(1000 * function + instance)
            self._evaluate = self._noisy
        else:
            self._suite = cocoex.Suite("bbob", f"instances: {instance}", f"dimensions: {dimension}")
            self._problem = self._suite.get_problem_by_function_dimension_instance(function, dimension, instance)
            self._evaluate = self._exact

    def _exact(self, x):
        value = float(self._problem(x))
        return value, value

    def _noisy(self, x):
        value, true = self._twin._evalfull(x)
        return float(np.ravel(value)[0]), float(np.ravel(true)[0])

    def true(self, x):
        """The noiseless error of a point, not counted; the noise to come is as if it had not been asked for."""
        state = np.random.get_state()
        error = self._noisy(np.clip(x, -5, 5))[1] - self._optimum
        np.random.set_state(state)
        return error

    def __call__(self, x):
        if len(self.errors) >= self.budget:
            raise Stop
        value, true = self._evaluate(np.clip(np.asarray(x, float), -5, 5))
        if value < self._best_seen:
            self._best_seen, self._error = value, true - self._optimum
        self.errors.append(self._error)
        return value

    @property
    def left(self):
        return self.budget - len(self.errors)

    def checkpoints(self):
        return [m for m in MULTIPLES if m * self.D <= self.budget]

    def hits(self):
        """Targets reached at each checkpoint; a run that ended early keeps what it had."""
        errors = np.array(self.errors)
        padded = np.concatenate([errors, np.full(self.budget - len(errors), errors[-1])])
        return [int(np.sum(padded[m * self.D - 1] <= TARGETS)) for m in self.checkpoints()]
