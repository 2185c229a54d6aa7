"""Starts `rasa` so that it dies with the process that started it."""

import ctypes
import os
import runpy
import signal
import sys
import warnings

from jsonschema import Draft202012Validator

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(parent: int) -> None:
    """Asks Linux to end this process when `parent` (a process id) ends; elsewhere does nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before the request was made
            raise SystemExit("The process that started Rasa is gone")


def trust_rasas_own_schema() -> None:
    """Keeps jsonschema from checking Rasa's schema of an action's answer anew for every answer.

    The schema is a constant of Rasa's; checking it took half of the time of a knowledge question.
    What an action answers is still validated against it.
    """
    Draft202012Validator.check_schema = lambda *_arguments, **_options: None


if __name__ == "__main__":
    trust_rasas_own_schema()
    die_with_parent(int(sys.argv[1]))
    sys.argv = ["rasa", *sys.argv[2:]]
    warnings.simplefilter("ignore")
    runpy.run_module("rasa", run_name="__main__")
