"""Mixed spaces: published problems of fixtures/solver/mixed.json, a fixed number of evaluations, many seeds, mean rank.

Every contender sees the same spaces. A contender's rank is taken per problem and seed among all contenders by the best value
found (equal values share their mean rank), then averaged over seeds and problems.
"""

import os
import time
import warnings

import numpy as np

from .native import Study, problems
from .stored import read, write

CHECKPOINTS = (25, 50, 100, 200)


def bound(dimension):
    kind = dimension["kind"]
    scale = {"scale": "log"} if dimension.get("log") else {}
    if kind == "categorical":
        return {"kind": "choice", "choices": [f"option-{i}" for i in range(dimension["options"])]}
    if kind == "integer":
        return {"kind": "integer", "min": dimension["min"], "max": dimension["max"], **scale}
    if kind == "periodic":
        return {"min": dimension["min"], "max": dimension["max"], "scale": "periodic"}
    return {"min": dimension["min"], "max": dimension["max"], **scale}


def ours(strategy):
    def run(problem, seed, evaluations):
        bounds = {f"x{i}": bound(d) for i, d in enumerate(problem.dimensions)}
        study = Study(bounds, seed, evaluations, strategy)
        for _ in range(evaluations):
            asked = study.ask()
            if asked is None:
                return
            x, trial = asked
            y = problem(x)
            study.tell(trial, y)
            yield y

    return run


def random(problem, seed, evaluations):
    rng = np.random.default_rng(seed)
    for _ in range(evaluations):
        yield problem([draw(d, rng) for d in problem.dimensions])


def draw(d, rng):
    if d["kind"] == "categorical":
        return float(rng.integers(d["options"]))
    low, high = d["min"], d["max"]
    if not d.get("log"):
        return float(rng.integers(low, high + 1)) if d["kind"] == "integer" else rng.uniform(low, high)
    if d["kind"] == "integer":
        return min(high, max(low, float(np.round(np.exp(rng.uniform(np.log(low - 0.5), np.log(high + 0.5)))))))
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def optuna_sampler(make):
    def run(problem, seed, evaluations):
        import optuna

        warnings.filterwarnings("ignore")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(sampler=make(optuna, seed))
        of = optuna.distributions
        space = {}
        for i, d in enumerate(problem.dimensions):
            if d["kind"] == "categorical":
                space[f"x{i}"] = of.CategoricalDistribution(tuple(range(d["options"])))
            elif d["kind"] == "integer":
                space[f"x{i}"] = of.IntDistribution(d["min"], d["max"], log=d["log"])
            else:
                space[f"x{i}"] = of.FloatDistribution(d["min"], d["max"], log=d.get("log", False))
        for _ in range(evaluations):
            trial = study.ask(space)
            y = problem([float(trial.params[name]) for name in space])
            study.tell(trial, y)
            yield y

    return run


def skopt_forest(problem, seed, evaluations):
    warnings.filterwarnings("ignore")
    from skopt import Optimizer
    from skopt.space import Categorical, Integer, Real

    def dimension(d):
        if d["kind"] == "categorical":
            return Categorical(list(range(d["options"])))
        prior = "log-uniform" if d.get("log") else "uniform"
        return (Integer if d["kind"] == "integer" else Real)(d["min"], d["max"], prior=prior)

    space = [dimension(d) for d in problem.dimensions]
    optimizer = Optimizer(space, base_estimator="ET", n_initial_points=10, random_state=seed, acq_optimizer="sampling")
    for _ in range(evaluations):
        x = optimizer.ask()
        y = problem([float(v) for v in x])
        optimizer.tell(x, y)
        yield y


def optuna_cma(optuna, seed):
    return optuna.samplers.CmaEsSampler(seed=seed, with_margin=True)


CONTENDERS = {
    "homeostat": ours("auto"),
    "homeostat-tpe": ours("tpe"),
    "optuna5-tpe": optuna_sampler(lambda optuna, seed: optuna.samplers.TPESampler(seed=seed)),
    "optuna5-tpe-mv": optuna_sampler(lambda optuna, seed: optuna.samplers.TPESampler(seed=seed, multivariate=True)),
    "random": random,
    "skopt-extra-trees": skopt_forest,
}


def checkpoints(evaluations):
    return sorted({c for c in CHECKPOINTS if c < evaluations} | {evaluations})


def series(name, problem, seed, evaluations):
    """The best value at each checkpoint; a run that ended early (space exhausted) keeps what it had."""
    best = np.minimum.accumulate(list(CONTENDERS[name](problem, seed, evaluations)))
    return [float(best[min(c, len(best)) - 1]) for c in checkpoints(evaluations)]


def ranks(values):
    values = np.asarray(values)
    lower = (values[None, :] < values[:, None]).sum(axis=1)
    equal = (values[None, :] == values[:, None]).sum(axis=1)
    return lower + (equal + 1) / 2


def stored_path(root, name):
    return os.path.join(root, "bench/solver/stored", f"mixed-{name}.jsonl")


def store(root, name, chosen, options, until):
    runs = read(stored_path(root, name), adding=True)
    complete = True
    for problem in chosen:
        for seed in options.seeds:
            key = f"{problem.name}/{seed}/{options.evaluations}"
            if key in runs:
                continue
            if time.monotonic() > until:
                complete = False
                break
            runs[key] = series(name, problem, seed, options.evaluations)
    write(stored_path(root, name), {"contender": name}, runs)
    print(f"{name}: {len(runs)} runs stored{'' if complete else ', more to do'}", flush=True)
    return complete


def run(root, options):
    wanted = options.problems.split(",") if options.problems else []
    chosen = [p for p in problems(root) if not wanted or p.name in wanted or p.half in wanted]
    names = [name for name in options.peers.split(",") if name]
    if options.store:
        until = time.monotonic() + options.seconds if options.seconds else float("inf")
        return None, all([store(root, name, chosen, options, until) for name in names])
    slow = [name for name in options.slow.split(",") if name and name not in names]
    kept = {name: read(stored_path(root, name)) for name in slow}
    final = checkpoints(options.evaluations)
    best = {}
    for problem in chosen:
        for name in names + slow:
            for seed in options.seeds:
                key = f"{problem.name}/{seed}/{options.evaluations}"
                values = kept[name].get(key) if name in slow else series(name, problem, seed, options.evaluations)
                if values is not None:
                    best[problem.name, name, seed] = values
    complete = [n for n in names + slow if all((p.name, n, s) in best for p in chosen for s in options.seeds)]
    for name in set(names + slow) - set(complete):
        print(f"{name}: not stored for all runs, left out")
    return table(chosen, complete, options.seeds, final, best), True


def table(chosen, names, seeds, final, best):
    last = len(final) - 1
    print(f"\nMixed spaces: {len(chosen)} problems, {final[-1]} evaluations, {len(seeds)} seeds: median of the best value")
    print(f"{'':24}{'half':9}" + " ".join(name.rjust(18) for name in names) + "  best known")
    rank = {}
    for problem in chosen:
        found = np.array([[best[problem.name, name, s] for s in seeds] for name in names])
        for c in range(len(final)):
            rank[problem.name, c] = np.mean([ranks(found[:, k, c]) for k in range(len(seeds))], axis=0)
        medians = np.median(found[:, :, last], axis=1)
        print(
            f"{problem.name:24}{problem.half:9}"
            + " ".join(f"{value:12.5g} ({r:.2f})".rjust(18) for value, r in zip(medians, rank[problem.name, last]))
            + f"  {problem.best:.6g}",
            flush=True,
        )
    rows = []
    groups = {"all": chosen}
    for field in ("half", "kind"):
        for value in sorted({getattr(p, field) for p in chosen}):
            groups[value] = [p for p in chosen if getattr(p, field) == value]
    print("mean rank (1 is best)")
    for c, count in enumerate(final):
        for group, members in groups.items():
            if c < last and group != "all":
                continue
            mean = np.mean([rank[p.name, c] for p in members], axis=0)
            print(f"  {group:12}{count:5} evals  " + " ".join(f"{value:18.3f}" for value in mean))
            rows.append({"group": group, "problems": len(members), "evaluations": count, **dict(zip(names, mean.round(4)))})
    return rows
