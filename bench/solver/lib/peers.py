"""Who is measured on BBOB. Each takes (objective, rng) and searches until the objective raises Stop.

Local searches start at a uniform point of [-4, 4]^D and again at another where they end; `@centre` begins the first run at the
centre, where our solver begins as well. Step sizes are 2, two tenths of the box, as COCO's own baselines use.
"""

import json
import os
import subprocess
import time
import warnings

import numpy as np
import scipy.optimize as so

from .native import Study
from .objective import Stop

BOX = [(-5.0, 5.0)]


def starts(objective, rng, centre=False):
    if centre:
        yield np.zeros(objective.D)
    while True:
        yield rng.uniform(-4, 4, objective.D)


def homeostat(strategy="auto", recommended=False):
    """Ours, at the level of a study. `recommended` scores the incumbent that the study names, not the best value seen."""

    def run(objective, rng):
        D = objective.D
        bounds = {f"x{i}": {"min": -5, "max": 5} for i in range(D)}
        study = Study(bounds, rng.integers(1 << 32), objective.budget, strategy)
        spent = 0.0
        told = 0
        checkpoints = {m * D for m in objective.checkpoints()}
        while told < objective.budget:
            begin = time.perf_counter()
            x, trial = study.ask()
            spent += time.perf_counter() - begin
            value = objective(x)
            begin = time.perf_counter()
            study.tell(trial, value)
            spent += time.perf_counter() - begin
            told += 1
            if recommended and told in checkpoints:
                objective.errors[-1] = objective.true(study.best())
        objective.own_seconds = spent

    return run


def random(objective, rng):
    while True:
        objective(rng.uniform(-5, 5, objective.D))


def optuna_tpe(multivariate):
    def run(objective, rng):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = optuna.samplers.TPESampler(seed=int(rng.integers(1 << 31)), multivariate=multivariate)
        study = optuna.create_study(sampler=sampler)
        space = {f"x{i}": optuna.distributions.FloatDistribution(-5, 5) for i in range(objective.D)}
        while True:
            trial = study.ask(space)
            study.tell(trial, objective([trial.params[name] for name in space]))

    return run


def pycma_ipop(objective, rng):
    import cma

    D, growth = objective.D, 1
    while True:
        options = {"bounds": [-5, 5], "verbose": -9, "seed": int(rng.integers(1, 1 << 31))}
        options["popsize"] = (4 + int(3 * np.log(D))) * growth
        strategy = cma.CMAEvolutionStrategy(rng.uniform(-4, 4, D), 2, options)
        growth *= 2
        while not strategy.stop():
            points = strategy.ask()
            strategy.tell(points, [objective(x) for x in points])


def pycma_lq(objective, rng):
    import cma

    while True:
        options = {"bounds": [-5, 5], "verbose": -9, "seed": int(rng.integers(1, 1 << 31))}
        options["maxfevals"] = objective.left
        if objective.left <= 0:
            raise Stop
        cma.fmin_lq_surr(objective, rng.uniform(-4, 4, objective.D), 2, options)


def nelder_mead(objective, rng):
    D = objective.D
    for x in starts(objective, rng):
        simplex = np.vstack([x, x + np.diag(np.where(x > 0, -2.0, 2.0))])
        options = dict(initial_simplex=simplex, xatol=1e-9, fatol=1e-9, maxfev=10**9, maxiter=10**9)
        so.minimize(objective, x, method="Nelder-Mead", bounds=BOX * D, options=options)


def scipy_local(method, **options):
    def run(objective, rng):
        for x in starts(objective, rng):
            so.minimize(objective, x, method=method, bounds=BOX * objective.D, options=options)

    return run


def scipy_cobyqa(centre):
    def run(objective, rng):
        for x in starts(objective, rng, centre):
            so.minimize(objective, x, method="COBYQA", bounds=BOX * objective.D, options={"initial_tr_radius": 2.0})

    return run


def differential_evolution(objective, rng):
    while True:
        so.differential_evolution(objective, BOX * objective.D, rng=rng, polish=True, maxiter=10**6, tol=0)


def dual_annealing(objective, rng):
    while True:
        so.dual_annealing(objective, BOX * objective.D, rng=rng, maxiter=10**6)


def nlopt_local(algorithm, centre):
    def run(objective, rng):
        import nlopt

        for x in starts(objective, rng, centre):
            machine = nlopt.opt(getattr(nlopt, algorithm), objective.D)
            machine.set_lower_bounds(-5.0)
            machine.set_upper_bounds(5.0)
            machine.set_initial_step(2.0)
            machine.set_xtol_rel(1e-10)
            machine.set_min_objective(lambda x, _: objective(x.copy()))
            if objective.left <= 0:
                raise Stop
            machine.set_maxeval(objective.left)
            try:
                machine.optimize(x)
            except (nlopt.RoundoffLimited, RuntimeError, ValueError):
                pass  # rounding limits its progress: it has ended
    return run


def pybobyqa(centre):
    def run(objective, rng):
        import logging

        import pybobyqa

        logging.disable(logging.CRITICAL)
        D = objective.D
        for x in starts(objective, rng, centre):
            if objective.left < D + 2:
                while True:
                    objective(rng.uniform(-5, 5, D))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                pybobyqa.solve(
                    objective,
                    x,
                    bounds=(np.full(D, -5.0), np.full(D, 5.0)),
                    rhobeg=2.0 * 0.5,
                    maxfun=objective.left,
                    npt=min(2 * D + 1, objective.left),
                )
    return run


def npm(name):
    """An npm package in a child process that asks for one value at a time."""

    def run(objective, rng):
        folder = os.environ["HOMEOSTAT_NPM_PEERS"]
        script = os.path.join(os.path.dirname(__file__), "..", "npm", "peer.mjs")
        words = ["node", script, folder, name, str(objective.D), str(int(rng.integers(1 << 31))), str(objective.budget)]
        child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            for line in child.stdout:
                if not line.startswith("["):
                    continue  # what the package itself prints
                x = [np.nan if v is None else v for v in json.loads(line)]
                child.stdin.write(f"{objective(np.nan_to_num(x))!r}\n")
                child.stdin.flush()
        except BrokenPipeError:
            pass
        finally:
            child.kill()
            child.wait()

    return run


OURS = {"homeostat": homeostat(), "homeostat (recommended)": homeostat(recommended=True)}
PEERS = {
    "random": random,
    "optuna5-tpe": optuna_tpe(False),
    "optuna5-tpe-mv": optuna_tpe(True),
    "pycma-ipop": pycma_ipop,
    "pycma-lq": pycma_lq,
    "scipy-nelder-mead": nelder_mead,
    "scipy-powell": scipy_local("Powell"),
    "scipy-lbfgsb": scipy_local("L-BFGS-B"),
    "scipy-cobyqa": scipy_cobyqa(False),
    "scipy-cobyqa@centre": scipy_cobyqa(True),
    "scipy-de": differential_evolution,
    "scipy-dual-annealing": dual_annealing,
    "nlopt-bobyqa": nlopt_local("LN_BOBYQA", False),
    "nlopt-bobyqa@centre": nlopt_local("LN_BOBYQA", True),
    "nlopt-cobyla": nlopt_local("LN_COBYLA", False),
    "nlopt-cobyla@centre": nlopt_local("LN_COBYLA", True),
    "py-bobyqa@centre": pybobyqa(True),
    "npm-fmin": npm("fmin-nelder-mead"),
    "npm-optimization-js-powell": npm("optimization-js-powell"),
    "npm-optimization-js-omgopt": npm("optimization-js-omgopt"),
    "npm-ml-direct": npm("ml-direct"),
    "npm-hyperparameters-random": npm("hyperparameters-random"),
}
