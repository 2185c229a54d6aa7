"""Start `rasa` so that it ends with the process that started it."""

import ctypes
import os
import runpy
import signal
import sys
import warnings

from jsonschema import Draft202012Validator

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(parent: int) -> None:
    """Have Linux end this process when the process `parent` ends; do nothing elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before this call
            raise SystemExit("the process that started Rasa has ended")


def trust_rasas_own_schema() -> None:
    """Keep jsonschema from checking Rasa's schema of action results again for every result.

    The schema is a constant of Rasa's, and checking it took half of the time of a knowledge
    question. The results themselves are still validated against it.
    """
    Draft202012Validator.check_schema = lambda *_arguments, **_options: None


if __name__ == "__main__":
    trust_rasas_own_schema()
    die_with_parent(int(sys.argv[1]))
    sys.argv = ["rasa", *sys.argv[2:]]
    warnings.simplefilter("ignore")
    runpy.run_module("rasa", run_name="__main__")
