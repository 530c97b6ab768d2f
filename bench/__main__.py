"""`python -m bench`: run every bench of this folder that needs no data from outside, or those named."""

import importlib
import sys

BENCHES = (
    "audit", "pages", "search", "papers", "deadline", "moderation", "queue_page",
    "search_engines", "relevance", "known_items", "hostile", "findability", "growth", "kills", "reliability",
)  # fmt: skip


def main() -> int:
    """Run the benches named on the command line, or all."""
    names, options = list(BENCHES), sys.argv[1:]
    if options and not options[0].startswith("-"):
        names = [options.pop(0)]
        while options and not options[0].startswith("-"):
            names.append(options.pop(0))
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"no bench is called {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    failed = False
    for name in names:
        print(f"--- {name}", flush=True)
        failed |= bool(importlib.import_module(f"bench.{name}").main(options if len(names) == 1 else []))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
