"""The machine of a measurement, and statistics of times."""

import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np


def describe() -> str:
    """Return processor, cores, memory, system and Python in one line."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return (
        f"{_processor()}, {os.cpu_count()} cores, {total:.0f} GB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}"
    )


def percentiles(seconds: Sequence[float]) -> str:
    """Return p50, p95 and p99 of times in seconds, as milliseconds."""
    p50, p95, p99 = np.percentile(np.asarray(seconds) * 1000, [50, 95, 99])
    return f"p50 {p50:7.1f}   p95 {p95:7.1f}   p99 {p99:7.1f} ms"


def milliseconds(call: Callable[[], object]) -> float:
    """Return how long one `call` takes."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def resident_megabytes(pid: int) -> float:
    """Return the resident memory of a process (Linux only)."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.processor(),
    )
