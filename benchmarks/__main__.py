"""`make bench`: every measurement, one after the other, with the machine named."""

from benchmarks import drift, emotion, encoder, replay, scale, search, turns
from benchmarks.machine import describe


def main() -> None:
    """Print everything."""
    print(describe())
    for measurement in (emotion, encoder, search, scale, turns, drift, replay):
        print(f"\n## {(measurement.__doc__ or '').splitlines()[0]}\n")
        measurement.run()


if __name__ == "__main__":
    main()
