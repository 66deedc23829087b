"""The part of the bench that runs in Python; `bench/solver.mjs` prepares what it needs and calls it."""

import argparse
import json
import os
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
STORED = os.path.join(ROOT, "bench/solver/stored")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def span(text):
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def bbob(options, suite):
    from lib.bbob import fill_store, heading, measure, print_row
    from lib.peers import OURS, PEERS

    known = OURS | PEERS
    chosen, slow = ([name for name in names.split(",") if name] for names in (options.peers, options.slow))
    for name in chosen + slow:
        if name not in known:
            sys.exit(f"there is no contender '{name}'; there are {', '.join(known)}")
    if options.store:
        until = time.monotonic() + options.seconds if options.seconds else float("inf")
        done = [
            fill_store(STORED, name, suite, options.dim, options.budget, options.instances, until) for name in chosen
        ]
        return None, all(done)
    heading(suite, options.dim, options.budget, options.instances)
    rows = []
    for name in chosen + [name for name in slow if name not in chosen]:
        folder = STORED if name in slow else None
        repeats = options.repeats if name in OURS else 1
        row = measure(name, suite, options.dim, options.budget, options.instances, folder, repeats)
        if not any(row["whole"].values()):
            print(f"{name:32}not stored")
            continue
        print_row(row, len(options.instances))
        rows.append(row)
    return rows, True


def mixed(options):
    from lib.mixed import run

    return run(ROOT, options)


def classifier(_):
    from lib.classifier import run

    return run(ROOT), True


def overhead(_):
    from lib.overhead import run

    return run(), True


PARTS = {
    "bbob": lambda options: bbob(options, "bbob"),
    "noisy": lambda options: bbob(options, "noisy"),
    "mixed": mixed,
    "classifier": classifier,
    "overhead": overhead,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=list(PARTS))
    parser.add_argument("--dim", type=int, default=5)
    parser.add_argument("--budget", type=int, default=200, help="multiples of the dimension")
    parser.add_argument("--instances", type=span, default=span("6-20"))
    parser.add_argument("--peers", default="homeostat")
    parser.add_argument("--slow", default="", help="contenders to be read from bench/solver/stored")
    parser.add_argument("--store", action="store_true", help="run the contenders and keep their results as stored ones")
    parser.add_argument("--seconds", type=float, help="with --store: stop after this time; call again to go on")
    parser.add_argument("--repeats", type=int, default=1, help="seeds of ours per instance")
    parser.add_argument("--evaluations", type=int, default=100, help="mixed: evaluations per run")
    parser.add_argument("--seeds", type=span, default=span("101-110"), help="mixed: seeds")
    parser.add_argument("--problems", default="", help="mixed: names or 'develop' or 'held'; default all")
    parser.add_argument("--json", help="write the rows here")
    options = parser.parse_args()
    rows, complete = PARTS[options.what](options)
    if options.json and rows is not None:
        with open(options.json, "w", encoding="utf8") as file:
            json.dump(rows, file)
    sys.exit(0 if complete else 75)


main()
