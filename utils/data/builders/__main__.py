"""`python -m utils.data.builders NAME… [--record]`: build assets again without the program `course`."""

import argparse

from utils.data.builders import build_asset

parser = argparse.ArgumentParser(prog="python -m utils.data.builders", description=__doc__)
parser.add_argument("names", nargs="+", metavar="NAME")
parser.add_argument("--record", action="store_true", help="write size and checksums into data/assets.toml")
options = parser.parse_args()
for name in options.names:
    built = build_asset(name, record=options.record)
    state = "as in the table" if built.same else "new"
    print(f"{name}: {built.path} ({built.path.stat().st_size:,} bytes), {state}")
