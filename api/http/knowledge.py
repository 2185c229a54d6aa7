"""Search in the knowledge base."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.dependencies import ContainerDep
from language.detect import detect

router = APIRouter(prefix="/api/knowledge", tags=["knowledge"])


class SourceOut(BaseModel):
    """The article that an answer was taken from."""

    article: str
    title: str
    url: str


class AnswerOut(BaseModel):
    """A passage that answers the question."""

    text: str
    source: SourceOut


class HitOut(BaseModel):
    """An article that was found."""

    article: str
    title: str
    score: float


class SearchOut(BaseModel):
    """The answer, if one is good enough, and the closest articles."""

    answer: AnswerOut | None
    hits: list[HitOut]


@router.get("/search")
def search(
    container: ContainerDep,
    q: Annotated[str, Query(max_length=4_000)],
    language: Literal["en", "zh"] | None = None,
) -> SearchOut:
    """Search the articles; without `language` the language of the question is detected."""
    detected = language or detect(q)
    answer = container.knowledge_base.answer(q, detected)
    hits = container.knowledge_base.search(q, detected)
    return SearchOut(
        answer=None
        if answer is None
        else AnswerOut(text=answer.text, source=SourceOut(**asdict(answer.source))),
        hits=[HitOut(article=hit.article, title=hit.title, score=hit.score) for hit in hits],
    )
