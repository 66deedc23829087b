"""Is the bench itself right? Cases whose shares are known by hand or from elsewhere; a few seconds, before anything is measured.

Ends with status 1 and a line per fault.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import numpy as np  # noqa: E402

from lib.bbob import aggregate, one  # noqa: E402
from lib.objective import FUNCTIONS, MULTIPLES, Objective, Stop, TARGETS, bbobbenchmarks  # noqa: E402

#: Random search, 5-D, share at 10D, 20D, 50D and 100D, measured apart from this bench on instances 1 to 15.
RANDOM = {10: 0.048, 20: 0.055, 50: 0.066, 100: 0.074}
RANDOM_TOLERANCE = 0.006

faults = []


def expect(what, found, wanted, tolerance=0.0):
    if not np.all(np.abs(np.asarray(found, float) - np.asarray(wanted, float)) <= tolerance):
        faults.append(f"{what}: {found}, expected {wanted}")


def walk(errors, dimension, budget):
    """Hits of a run on the sphere whose k-th point is made to have the k-th error: error = distance squared."""
    objective = Objective("bbob", 1, 3, dimension, budget)
    objective._twin(np.zeros(dimension))  # it places its optimum at its first evaluation
    optimum = np.asarray(objective._twin.xopt, float).ravel()
    away = np.zeros(dimension)
    away[0] = 1.0 if optimum[0] < 0 else -1.0
    try:
        for error in errors:
            objective(optimum + np.sqrt(error) * away)
        for _ in range(budget):
            objective(optimum + 4 * away)
    except Stop:
        pass
    expect("a run ends at its budget", len(objective.errors), budget)
    return objective.hits()


def targets():
    expect("51 targets", len(TARGETS), 51)
    expect("the first and the last target", [TARGETS[0], TARGETS[-1]], [1e2, 1e-8], 1e-15)
    # Target k is 10^(2 - k/5): an error a little below it has reached targets 0 to k.
    a_little = 0.999
    errors = [a_little * 10 ** (2 - 10 / 5)] * 25 + [a_little * 10 ** (2 - 20 / 5)] * 25 + [a_little * 10 ** (2 - 30 / 5)] * 50
    expect("hits on the sphere", walk(errors, 5, 250), [11, 21, 31, 31])
    expect("hits of an error of 16: targets 100, 63, 40 and 25", walk([], 5, 25), [4])
    outside = Objective("bbob", 1, 1, 3, 10)
    expect("points outside count where the box ends", outside([9, 9, 9]), outside([5, 5, 5]))


def early_end():
    """A run that stops before its budget keeps what it had."""
    objective = Objective("bbob", 1, 3, 2, 100)
    for x in ([0, 0], [1, 1]):
        objective(x)
    hits = objective.hits()
    expect("a run that ended early", hits, [hits[0]] * len(hits))


def twins():
    """Optima come from the twin, values from COCO: they must be the same functions."""
    rng = np.random.default_rng(1)
    worst = 0.0
    for dimension in (2, 5, 20):
        for function in FUNCTIONS["bbob"]:
            instance = 1 + function % 20
            objective = Objective("bbob", function, instance, dimension, 5)
            x = rng.uniform(-5, 5, dimension)
            value = objective(x)
            worst = max(worst, abs(value - float(objective._twin(x))) / max(1.0, abs(value)))
            other, _ = bbobbenchmarks.instantiate(function, iinstance=instance + 1)
            expect(f"f{function}: another instance is another function", abs(value - float(other(x))) > 1e-6, True)
    expect("COCO and its twin", worst, 0, 1e-9)


def aggregation():
    """Two instances of 24 functions with made-up hits; one run is missing at the later checkpoint."""
    hits = np.zeros((24, 2, 2))
    hits[:, 0, 0], hits[:12, 1, 0] = 51, 51
    hits[:, 0, 1], hits[5, 1, 1] = 25.5, np.nan
    row = aggregate(hits, "bbob", [5, 10], [6, 7])
    expect("the share is the mean over functions, then instances", row["score"]["5D"], 0.75, 1e-12)
    expect("an instance that lacks a run does not count", [row["score"]["10D"], row["whole"]["10D"]], [0.5, 1], 1e-12)
    expect("groups are means over their functions", row["groups"]["separable"], 0.5, 1e-12)


def noise():
    """A noisy run is scored by the true value of the point that looked best."""
    objective = Objective("noisy", 101, 2, 2, 40)
    rng, best, true = np.random.default_rng(5), np.inf, None
    for _ in range(40):
        x = rng.uniform(-5, 5, 2)
        value = objective(x)
        if value < best:
            best, true = value, objective.true(x)
    expect("the true error of the point that looked best", objective.errors[-1], true, 1e-9)
    first, second = (Objective("noisy", 107, 2, 2, 40) for _ in range(2))
    np.random.seed(3)
    plain = [first([1, 1]) for _ in range(3)]
    np.random.seed(3)
    asked = [(second([1, 1]), second.true([0, 0]))[0] for _ in range(3)]
    expect("asking for a true value moves no noise", asked, plain)
    expect("noise is there", len(set(plain)), 3)


def random_search():
    """Random search has its known, low share; so half of it would be told apart."""
    checkpoints = [m for m in MULTIPLES if m <= 100]
    hits = np.array([[one("random", "bbob", f, i, 5, 100)[0] for i in (1, 2, 3)] for f in FUNCTIONS["bbob"]], float)
    score = aggregate(hits, "bbob", checkpoints, [1, 2, 3])["score"]
    for m, wanted in RANDOM.items():
        expect(f"random search at {m}D", score[f"{m}D"], wanted, RANDOM_TOLERANCE)


for check in (targets, early_end, twins, aggregation, noise, random_search):
    check()
for fault in faults:
    print(f"the bench is wrong: {fault}", file=sys.stderr)
print(f"the bench itself: {'right' if not faults else f'{len(faults)} faults'} (hand-computed runs, COCO against its twin, random search)")
sys.exit(1 if faults else 0)
