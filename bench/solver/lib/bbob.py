"""Runs contenders on BBOB, keeps the results of slow ones, and prints a table."""

import time

import numpy as np

from .objective import FUNCTIONS, GROUPS, MULTIPLES, Objective, Stop, TARGETS
from .peers import OURS, PEERS
from .stored import Store


def one(contender, suite, function, instance, dimension, multiple, repeat=0):
    """Hits at the checkpoints and milliseconds per evaluation (objective included, for peers) of one run."""
    objective = Objective(suite, function, instance, dimension, multiple * dimension)
    rng = np.random.default_rng([function, instance, dimension, repeat])
    begin = time.perf_counter()
    try:
        (OURS | PEERS)[contender](objective, rng)
    except Stop:
        pass
    seconds = getattr(objective, "own_seconds", time.perf_counter() - begin)
    return objective.hits(), 1e3 * seconds / max(1, len(objective.errors))


def fill_store(folder, contender, suite, dimension, multiple, instances, until):
    """Runs what a store lacks; True where it is complete."""
    store = Store(folder, suite, dimension, multiple, contender, adding=True)
    todo = [(f, i) for i in instances for f in FUNCTIONS[suite] if store.get(f, i) is None]
    for count, (function, instance) in enumerate(todo):
        if time.monotonic() > until:
            if store.runs:
                store.save()
            print(f"{contender} {suite} {dimension}-D: {len(todo) - count} runs left", flush=True)
            return False
        store.put(function, instance, *one(contender, suite, function, instance, dimension, multiple))
        if count % 24 == 23:
            store.save()
    store.save()
    print(f"{contender} {suite} {dimension}-D {multiple}D: complete, {len(store.runs)} runs", flush=True)
    return True


def kept_runs(folder, contender, suite, dimension, multiple):
    """How to look up a stored run. A contender may be stored for early checkpoints on more instances than for late ones."""
    stores = [Store(folder, suite, dimension, m, contender) for m in MULTIPLES]
    checkpoints = sum(m <= multiple for m in MULTIPLES)

    def get(function, instance):
        found = [run for store in stores if (run := store.get(function, instance))]
        if not found:
            return None
        hits, ms = max(found, key=lambda run: len(run[0]))
        return (hits + [np.nan] * checkpoints)[:checkpoints], ms

    return get


def measure(contender, suite, dimension, multiple, instances, folder=None, repeats=1):
    """One row: shares per instance and checkpoint (null where a store lacks a run), their means, and the time spent."""
    get = kept_runs(folder, contender, suite, dimension, multiple) if folder else None
    checkpoints = [m for m in MULTIPLES if m <= multiple]
    hits = np.full((len(FUNCTIONS[suite]), len(instances), len(checkpoints)), np.nan)
    times = []
    for a, function in enumerate(FUNCTIONS[suite]):
        for b, instance in enumerate(instances):
            if get:
                kept = get(function, instance)
                runs = [kept] if kept else []
            else:
                runs = [one(contender, suite, function, instance, dimension, multiple, r) for r in range(repeats)]
            if runs:
                hits[a, b] = np.mean([run[0] for run in runs], axis=0)
                times += [run[1] for run in runs]
    return {"contender": contender, "stored": bool(get), **aggregate(hits, suite, checkpoints, instances)} | {
        "ms_per_evaluation": round(float(np.mean(times)), 3) if times else None,
    }


def aggregate(hits, suite, checkpoints, instances):
    """Shares from hits by function, instance and checkpoint: the mean over functions, then over the instances that are whole."""
    share = hits / len(TARGETS)
    per_instance = share.mean(axis=0)
    score, whole = {}, {}
    for j, m in enumerate(checkpoints):
        column = per_instance[:, j][~np.isnan(per_instance[:, j])]
        whole[f"{m}D"] = len(column)
        score[f"{m}D"] = float(np.mean(column)) if len(column) else None
    last = max((j for j in range(len(checkpoints)) if whole[f"{checkpoints[j]}D"]), default=0)
    first = FUNCTIONS[suite].start
    by_function = np.full(len(share), np.nan)
    if whole[f"{checkpoints[last]}D"]:
        by_function = np.nanmean(share[:, ~np.isnan(per_instance[:, last]), last], axis=1)
    clean = lambda value: None if np.isnan(value) else round(float(value), 4)
    return {
        "score": score,
        "whole": whole,
        "instances": {
            str(i): {f"{m}D": clean(per_instance[b, j]) for j, m in enumerate(checkpoints)} for b, i in enumerate(instances)
        },
        "groups_at": f"{checkpoints[last]}D",
        "groups": {name: clean(np.mean(by_function[low - first : high - first + 1])) for name, (low, high) in GROUPS[suite].items()},
        "functions": [clean(value) for value in by_function],
    }


def heading(suite, dimension, multiple, instances):
    columns = " ".join(f"{m}D".rjust(6) for m in MULTIPLES if m <= multiple)
    what = "BBOB f1-f24" if suite == "bbob" else "noisy BBOB f101-f130"
    print(f"\n{what}, {dimension}-D, instances {instances[0]}-{instances[-1]}: share of 51 targets reached")
    print(f"{'':32}{columns}   ms/eval  groups at {multiple}D: {', '.join(GROUPS[suite])}")


def print_row(row, asked):
    cell = lambda value: "     -" if value is None else f"{value:6.3f}"
    columns = " ".join(cell(value) for value in row["score"].values())
    groups = " ".join(" -  " if value is None else f"{value:.2f}" for value in row["groups"].values())
    notes = [] if row["groups_at"] == list(row["score"])[-1] else [f"at {row['groups_at']}"]
    if row["stored"]:
        notes.append("stored")
    if any(count not in (0, asked) for count in row["whole"].values()):
        notes.append("instances: " + "/".join(str(count) for count in row["whole"].values()))
    ms = row["ms_per_evaluation"]
    print(f"{row['contender']:32}{columns}  {ms if ms is not None else float('nan'):8.3f}  {groups} {', '.join(notes)}", flush=True)
