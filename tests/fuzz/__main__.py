"""Run a target of `targets` for a while: ``python -m tests.fuzz TARGET [--seconds N] [INPUT...]``.

With atheris (the extra ``fuzz``) the inputs are led by which code they reach; where it is not to be
had they are changed at random. What raises is written into the folder ``--findings`` and said with
the command that does it again: with inputs given, these are run and nothing else.
"""

import argparse
import gzip
import importlib.util
import os
import random
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAX_BYTES = 2048
PACKAGES = ["taskmaster", "pty_mux", "ctl", "tests.fuzz"]


def seeds() -> Iterator[bytes]:
    """Yield what programs wrote, the examples, and something that says no more than its length."""
    for path in sorted((ROOT / "tests" / "captured").glob("*.40x12.gz")):
        data = gzip.decompress(path.read_bytes())
        yield from (b"\x05\x09\x00\x01" + data[n : n + 1500] for n in range(0, 6000, 1500))
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        yield path.read_bytes()
    for length in (1, 8, 64, 512, 2000):
        yield random.Random(length).randbytes(length)


def main() -> int:
    """Do what the command line says; the exit status is 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("inputs", nargs="*", type=Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=Path, help="keep here what reached something new")
    parser.add_argument("--findings", type=Path, default=Path())
    options = parser.parse_args()
    can_be_led = importlib.util.find_spec("atheris") is not None and not options.inputs
    if can_be_led:
        import atheris

        with atheris.instrument_imports(include=PACKAGES):
            from tests.fuzz.targets import TARGETS
    else:
        from tests.fuzz.targets import TARGETS
    if options.target not in TARGETS:
        parser.error(f"no such target; there are {', '.join(TARGETS)}")
    target = TARGETS[options.target]
    for path in options.inputs:
        target(path.read_bytes())
    if options.inputs:
        return 0
    options.findings.mkdir(parents=True, exist_ok=True)
    if not can_be_led:
        return at_random(options.target, options.seconds, options.findings)
    corpus = options.corpus or options.findings / f"corpus-{options.target}"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = [f"-max_total_time={options.seconds}", f"-max_len={MAX_BYTES}", "-timeout=20"]
    words += ["-print_final_stats=1", f"-artifact_prefix={options.findings}/{options.target}-"]
    atheris.Setup([sys.argv[0], *words, str(corpus)], target)
    atheris.Fuzz()
    return 0


def at_random(name: str, seconds: int, findings: Path) -> int:
    """Run a target with inputs that are led by nothing."""
    from tests.fuzz.targets import TARGETS

    dice = random.Random(os.getpid())
    known = list(seeds())
    deadline, runs = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        data = bytearray(dice.choice(known)[: dice.randrange(MAX_BYTES)])
        for _ in range(dice.randrange(20)):
            place = dice.randrange(len(data) + 1)
            data[place : place + dice.choice([0, 1, 4])] = dice.randbytes(dice.choice([0, 1, 4]))
        runs += 1
        try:
            TARGETS[name](bytes(data))
        except Exception:  # noqa: BLE001 - whatever it is, it is what was looked for
            traceback.print_exc()
            path = findings / f"{name}-{runs}"
            path.write_bytes(data)
            print(f"found after {runs} runs: python -m tests.fuzz {name} {path}")
            return 1
    print(f"{name}: {runs} runs without coverage in {seconds} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
