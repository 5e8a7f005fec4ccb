"""``python -m docs``: make what is made of the code; ``--check`` says what is stale."""

import argparse
import sys

from docs.made import MADE, ROOT


def main() -> int:
    """Write each file that is not as the code would have it; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m docs", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, exit status 1 if stale"
    )
    options = parser.parse_args()
    stale = 0
    for name, make in MADE.items():
        path, text = ROOT / name, make()
        if path.exists() and path.read_text() == text:
            continue
        stale += 1
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        print(f"{name}: {'stale' if options.check else 'written'}")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
