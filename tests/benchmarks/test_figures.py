"""The gate on model quality: what fails it, what does not, and what is recorded."""

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from benchmarks import figures
from benchmarks.figures import Better, Comparison, Figure, compare, read_figures, write_figures
from tests.product import ROOT
from triage.emotion.model import SHIPPED

F1 = Figure(0.8, 0.02, Better.HIGHER)
FAILED = Figure(40, 3, Better.LOWER)


@pytest.mark.parametrize(
    ("recorded", "measured", "failed", "improved"),
    [
        (F1, 0.79, False, False),
        (F1, 0.77, True, False),
        (F1, 0.95, False, True),
        (FAILED, 42, False, False),
        (FAILED, 44, True, False),
        (FAILED, 30, False, True),
    ],
)
def test_only_what_is_worse_by_more_than_the_tolerance_fails(
    recorded: Figure, measured: float, failed: bool, improved: bool
) -> None:
    comparison = Comparison("name", recorded, measured)
    assert (comparison.failed, comparison.improved) == (failed, improved)
    assert ("improved" in str(comparison)) == improved


def test_a_figure_that_nobody_recorded_is_an_error() -> None:
    with pytest.raises(KeyError):
        compare({}, {"triage.f1": 0.8})


def test_the_command_fails_when_a_figure_is_worse_and_records_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "figures.json"
    write_figures({"quick.f1": F1}, path)
    monkeypatch.setattr(figures.read_figures, "__defaults__", (path,))
    monkeypatch.setattr(figures.write_figures, "__defaults__", (path,))
    monkeypatch.setattr(figures, "GROUPS", {"quick": lambda: iter([("f1", 0.7)])})
    assert run("--check").exit_code == 1
    assert run().exit_code == 0
    assert run("--update").exit_code == 0
    assert read_figures(path)["quick.f1"].value == 0.7
    assert run("--check").exit_code == 0


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(figures.main)
    return CliRunner().invoke(app, arguments)


def test_every_recorded_figure_is_of_a_group_that_is_measured() -> None:
    assert {name.partition(".")[0] for name in read_figures()} == set(figures.GROUPS)


def test_the_docs_tell_what_is_recorded() -> None:
    docs = (ROOT / "docs/triage.md").read_text(encoding="utf-8")
    row = re.search(r"\*\*the triage\*\* \| (\d+) \| ([\d.]+) \| ([\d.]+) \| \*\*([\d.]+)", docs)
    assert row is not None
    recorded = [read_figures()[f"triage.{name}"] for name in ("precision", "recall", "f1")]
    for told, figure in zip(row.groups()[1:], recorded, strict=True):
        assert float(told) == pytest.approx(figure.value, abs=figure.tolerance)


def test_the_model_card_tells_what_is_recorded() -> None:
    card = (SHIPPED / "README.md").read_text(encoding="utf-8")
    told = re.search(r"(\d+) of (\d+) cases failed", card)
    assert told is not None
    failed = read_figures()["behaviour.failed"]
    assert int(told[1]) == pytest.approx(failed.value, abs=failed.tolerance)
