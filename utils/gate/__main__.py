"""Run the gate from the command line: ``python -m utils.gate [NOTEBOOK | EXERCISE]…``."""

import sys

from utils.gate.report import print_gate

if __name__ == "__main__":
    sys.exit(not print_gate(sys.argv[1:]))
