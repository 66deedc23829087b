"""The verdict on a landscape, structured or chaotic, on the half of fixtures/solver/landscapes.json that is held back."""

import json

import numpy as np

from .native import Study, landscapes

#: How the points were chosen (a probe alone, or the default strategy) and how many there are in n dimensions.
SAMPLES = {
    "20 n, 40 to 200, by the probe": ("probe", lambda n: min(200, max(40, 20 * n))),
    "20 by the probe": ("probe", lambda n: 20),
    "40 by the probe": ("probe", lambda n: 40),
    "100 by the probe": ("probe", lambda n: 100),
    "100 chosen by auto": ("auto", lambda n: 100),
}
#: What the promise is measured on.
JUDGED = "20 n, 40 to 200, by the probe"
SEEDS = (1, 2, 3)
BINS = (0.5, 0.7, 0.9, 1.0 + 1e-9)
CALIBRATION_MOST = 0.1


def verdict(landscape, how, count, seed):
    """Whether it was right, and the confidence that it stated."""
    bounds = {f"x{i}": {"min": 0, "max": 1} for i in range(landscape.n)}
    study = Study(bounds, seed, 2 * count, probe_ratio=0.5) if how == "probe" else Study(bounds, seed, count)
    for _ in range(count):
        x, trial = study.ask()
        study.tell(trial, landscape(x))
    said = json.loads(study.explain())["landscape"]
    return said["verdict"] == landscape.label, said["confidence"]


def calibration(rows):
    """How far the stated confidence is from how often it is right: the mean over bins of confidence, by their size."""
    right, confidence = (np.array(column, float) for column in zip(*rows))
    error = 0.0
    for low, high in zip(BINS, BINS[1:]):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(error)


def run(root):
    held = [landscape for landscape in landscapes(root) if landscape.half == "held"]
    print(f"\nClassifier: {len(held)} held landscapes, {len(SEEDS)} seeds")
    print(f"{'points':32}   right  structured  chaotic  confidence  apart from how often it is right")
    samples = []
    for name, (how, count) in SAMPLES.items():
        rows = [(landscape, *verdict(landscape, how, count(landscape.n), seed)) for landscape in held for seed in SEEDS]
        accuracy = {
            label: float(np.mean([right for landscape, right, _ in rows if label in ("all", landscape.label)]))
            for label in ("all", "structured", "chaotic")
        }
        apart = calibration([row[1:] for row in rows])
        confidence = float(np.mean([row[2] for row in rows]))
        samples.append({"points": name, **accuracy, "confidence": confidence, "calibration_error": apart})
        print(
            f"{name:32}{accuracy['all']:8.3f}"
            f"{accuracy['structured']:12.3f}{accuracy['chaotic']:9.3f}{confidence:12.3f}{apart:9.3f}",
            flush=True,
        )
    judged = next(sample for sample in samples if sample["points"] == JUDGED)
    return {
        "accuracy": judged["all"],
        "landscapes": len(held),
        "calibrationError": judged["calibration_error"],
        "calibrationMost": CALIBRATION_MOST,
        "samples": samples,
    }
