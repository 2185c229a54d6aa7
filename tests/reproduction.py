"""Whatever a test stored must come out the same when it is decided again."""

from pathlib import Path

from sqlalchemy import Engine

from store.engine import open_engine, reading
from triage.audit import log
from triage.audit.reproduction import Reproduction, reproduce
from triage.policy.policy import load_policy

POLICY = load_policy()


def decided_again(engine: Engine) -> Reproduction:
    """Decide again under the shipped policy; nothing may differ, nor be altered."""
    with reading(engine) as connection:
        assert log.verify(connection) == []
        found = reproduce(connection, {POLICY.hash: POLICY})
    assert found.faults == ()
    return found


def stored_in(folder: Path) -> None:
    """Decide again all that a product stored in its data folder, if it got so far."""
    path = folder / "amends.db"
    if path.exists():
        engine = open_engine(f"sqlite:///{path}")
        found = decided_again(engine)
        engine.dispose()
        assert (found.approximate, found.failed) == (0, 0)
