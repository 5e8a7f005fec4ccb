"""A listener that writes down every header and payload: a line of JSON each, into its last word.

As listeners are written: with supervisor's own childutils, on text streams.
"""

import json
import os
import sys

from supervisor import childutils


def main() -> None:
    with open(sys.argv[1], "a", encoding="utf-8") as log:
        names = [name for name in os.environ if name.startswith("SUPERVISOR_")]
        told = {name: os.environ[name] for name in sorted(names)}
        print(json.dumps({"environment": told}), file=log, flush=True)
        while True:
            headers, payload = childutils.listener.wait()
            print(json.dumps({"headers": headers, "payload": payload}), file=log, flush=True)
            if payload.endswith("reject this") and not os.path.exists(f"{sys.argv[1]}.rejected"):
                with open(f"{sys.argv[1]}.rejected", "w", encoding="ascii"):
                    childutils.listener.fail()
            elif payload.endswith("die of this") and not os.path.exists(f"{sys.argv[1]}.died"):
                with open(f"{sys.argv[1]}.died", "w", encoding="ascii"):
                    os._exit(1)
            else:
                childutils.listener.ok()


if __name__ == "__main__":
    main()
