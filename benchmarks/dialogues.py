"""Whole conversations: customers' sides played against the product, and readers' verdicts counted.

    python -m benchmarks.dialogues play OUT.jsonl            play benchmarks/data/dialogues
    python -m benchmarks.dialogues score A.jsonl B.jsonl     count the verdicts of two readers

A dialogue is the customer's side with, for each turn, what a good assistant does. The product
answers as it is served, each dialogue with the demo shop as it is in the beginning. Two readers
then judge each turn by the guidelines in docs/answers.md, one JSON line a turn: {"id", "turn",
"verdict": "right" | "partly" | "wrong", "harmful"}. A turn is right if both say so.
"""

import json
import shutil
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.orders.demo_shop import open_demo_shop
from tests.product import ServedProduct

DIALOGUES = Path(__file__).parent / "data" / "dialogues"
TUNING, REPORT = "tuning", "report"
# A bot that a loaded machine does not cut off.
_SETTINGS = {"AMENDS_RASA_DEADLINE": "60"}

Record = dict[str, Any]
Verdicts = dict[tuple[str, int], Record]
app = typer.Typer(add_completion=False)


def split_of(dialogue: str) -> str:
    """Return the half that a dialogue belongs to, by the checksum of its id."""
    return REPORT if zlib.crc32(dialogue.encode()) % 2 else TUNING


def read(paths: Iterable[Path]) -> Iterator[Record]:
    """Yield the records of JSON-lines files."""
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


@app.command()
def play(
    out: Path,
    dialogues: Annotated[Path, typer.Option(help="A folder of dialogues.")] = DIALOGUES,
    only: Annotated[str, typer.Option(help="tuning, report, or the beginning of ids.")] = "",
) -> None:
    """Play the dialogues against the product and write what it answered to `out`."""
    chosen = [
        dialogue
        for dialogue in read(sorted(dialogues.glob("*.jsonl")))
        if dialogue["id"].startswith(only) or split_of(dialogue["id"]) == only
    ]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        fresh = open_demo_shop(Path(folder) / "fresh")
        product = ServedProduct(data, settings=_SETTINGS)
        product.start()
        try:
            with out.open("w", encoding="utf-8") as file:
                for dialogue in chosen:
                    shutil.copy(fresh.path, data / "shop.db")
                    played = _played(product, dialogue)
                    file.write(json.dumps(played, ensure_ascii=False) + "\n")
        finally:
            product.stop()


def _played(product: ServedProduct, dialogue: Record) -> Record:
    """Return the dialogue with the replies to each turn."""
    customer = product.customer(dialogue["id"][:2])
    turns = []
    for turn in dialogue["turns"]:
        answer = customer.post(turn["text"]).json()
        replies = [
            {
                "sender": reply["sender"],
                "text": reply["text"],
                "choices": [choice["title"] for choice in reply["choices"]],
                "sources": [source["title"] for source in reply["sources"]],
            }
            for reply in answer["replies"]
        ]
        turns.append({**turn, "replies": replies, "waiting": answer["handover"] is not None})
    product.hang_up()
    return {**dialogue, "turns": turns}


@app.command()
def score(readers: list[Path]) -> None:
    """Print the share of right and of harmful turns, by half, language and kind."""
    verdicts = [_verdicts(path) for path in readers]
    rows: dict[str, list[list[Record]]] = defaultdict(list)
    for dialogue in read(sorted(DIALOGUES.glob("*.jsonl"))):
        for number, _ in enumerate(dialogue["turns"], start=1):
            if (dialogue["id"], number) not in verdicts[0]:
                continue  # the readers had another half
            given = [by[dialogue["id"], number] for by in verdicts]
            half, language = split_of(dialogue["id"]), dialogue["id"][:2]
            for name in ("all", half, f"{half} {language}"):
                rows[name].append(given)
            for kind in dialogue["kinds"]:
                rows[f"  with {kind}"].append(given)
    typer.echo(f"{'':24}{'turns':>7}{'right':>8}{'partly':>8}{'wrong':>8}{'harmful':>9}")
    for name in sorted(rows, key=lambda name: (name.startswith(" "), name)):
        typer.echo(_row(name, rows[name]))
    if len(verdicts) > 1:
        typer.echo(f"agreement (Cohen's kappa, right or not): {_kappa(rows['all']):.2f}")


def _verdicts(path: Path) -> Verdicts:
    return {(record["id"], record["turn"]): record for record in read([path])}


def _row(name: str, turns: list[list[Record]]) -> str:
    """Return a line: a turn is as good as the worse of its verdicts."""
    worst = [
        max((one["verdict"] for one in given), key=("right", "partly", "wrong").index)
        for given in turns
    ]
    shares = "".join(
        f"{worst.count(verdict) / len(worst):8.3f}" for verdict in ("right", "partly", "wrong")
    )
    harmful = sum(any(one["harmful"] for one in given) for given in turns)
    return f"{name:24}{len(turns):7}{shares}{harmful:9}"


def _kappa(turns: list[list[Record]]) -> float:
    """Return Cohen's kappa of the first two readers on "right" against the rest."""
    pairs = [tuple(one["verdict"] == "right" for one in given[:2]) for given in turns]
    observed = sum(first == second for first, second in pairs) / len(pairs)
    shares = [sum(pair[reader] for pair in pairs) / len(pairs) for reader in (0, 1)]
    expected = shares[0] * shares[1] + (1 - shares[0]) * (1 - shares[1])
    return (observed - expected) / (1 - expected) if expected < 1 else 1.0


if __name__ == "__main__":
    app()
