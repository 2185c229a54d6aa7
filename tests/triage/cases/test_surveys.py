"""The customer's rating of a case: the latest one counts."""

from datetime import timedelta

from sqlalchemy import Engine

from tests.triage.conftest import NOW, OpenCase
from triage.cases import surveys


def test_a_second_rating_replaces_the_first(engine: Engine, open_case: OpenCase) -> None:
    case = open_case()
    with engine.begin() as connection:
        assert not surveys.is_rated(connection, case.id)
        surveys.rate(connection, case.id, 2, "Slow.", NOW)
        surveys.rate(connection, case.id, 5, "", NOW)
        assert surveys.is_rated(connection, case.id)
        assert surveys.scores(connection, NOW) == [5]
        assert surveys.scores(connection, NOW + timedelta(seconds=1)) == []
