"""Batch parsing: JSON lines {"text"} on standard input, {"intent", "confidence", …} on output."""

import asyncio
import json
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rasa.core.agent import Agent


async def parse(model: str, lines: Iterable[str], out: TextIO) -> None:
    """Write one JSON line per line read, in order, with the intents that `model` gives it."""
    agent = Agent.load(model)
    for line in lines:
        parsed = await agent.parse_message(json.loads(line)["text"].lstrip("/"))
        out.write(json.dumps(_summary(parsed["intent"], parsed["intent_ranking"])) + "\n")


def _summary(intent: dict[str, Any], ranking: list[dict[str, Any]]) -> dict[str, Any]:
    second: dict[str, Any] = ranking[1] if len(ranking) > 1 else {"name": None, "confidence": 0}
    return {
        "intent": intent["name"],
        "confidence": round(float(intent["confidence"]), 6),
        "second": second["name"],
        "second_confidence": round(float(second["confidence"]), 6),
    }


if __name__ == "__main__":
    # Libraries print to standard output, so the results go to a copy of it.
    results, sys.stdout = sys.stdout, sys.stderr
    asyncio.run(parse(sys.argv[1], sys.stdin, results))
