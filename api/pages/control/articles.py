"""Articles: the list, the form with its preview, the history of versions."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from accounts.account import Account
from api.container import Container
from api.dependencies import ContainerDep, Form, FormSupervisor, PageSupervisor, Supervisor
from api.input_types import Id
from api.pages.control.article_faults import by_field
from api.pages.control.room import room
from api.pages.control.text_diff import Passage, differences
from api.pages.help.topics import Group, grouped
from api.pages.shared.rendering import Page, PageDep
from conversation.article_drafts import draft_of_case
from conversation.message_text import inert
from knowledge_base.authoring.editor import ArticleFile, Draft, sha256
from knowledge_base.authoring.ingest import slug_of, tags_in
from knowledge_base.authoring.versions import Version
from knowledge_base.errors import ArticleChanged, ArticleError, Fault, KnowledgeError
from knowledge_base.markdown import to_html
from language.detect import LANGUAGES, Language
from language.segment import without_identifiers
from store.engine import reading

router = APIRouter(prefix="/control/articles", include_in_schema=False)
logger = logging.getLogger(__name__)

ADDRESS = "/control/articles"
NO_FILE = sha256("")
# The files of one article, by language.
Translations = Mapping[Language, ArticleFile]


@router.get("", response_class=HTMLResponse)
def show_list(
    page: PageDep, supervisor: PageSupervisor, container: ContainerDep, q: str = ""
) -> HTMLResponse:
    """Show all articles by topic, or those that contain a text."""
    return _list(page, supervisor, container, q.strip())


@router.post("/index", response_class=HTMLResponse)
def index(page: PageDep, supervisor: FormSupervisor, container: ContainerDep) -> Response:
    """Build the search index from the present files."""
    if _indexed(container):
        return RedirectResponse(ADDRESS, HTTPStatus.SEE_OTHER)
    return _list(page, supervisor, container, status=HTTPStatus.CONFLICT, failed=True)


@router.post("/preview", response_class=HTMLResponse)
def preview(page: PageDep, _: Supervisor, form: Form) -> HTMLResponse:
    """Show the text of the form as customers would see it, as a part of the page."""
    draft = _draft_in(form, _known_language(form.get("language", "")), "")
    return page.show("control_article_preview.html", draft=draft, html=_html(draft))


@router.get("/new", response_class=HTMLResponse)
def show_new(
    page: PageDep,
    supervisor: PageSupervisor,
    container: ContainerDep,
    language: str = "",
    slug: str = "",
    title: str = "",
    body: str = "",
    case: Id | None = None,
) -> HTMLResponse:
    """Show the form of a new article, filled from the query or from a case."""
    draft = Draft(
        _known_language(language or page.language),
        slug,
        without_identifiers(title),
        body=inert(body),
    )
    if case is not None:
        with reading(container.engine) as connection:
            draft = draft_of_case(connection, case)
    return _form(page, supervisor, container, draft, new=True, started_from=NO_FILE)


@router.post("/new", response_class=HTMLResponse)
def create(
    page: PageDep, supervisor: FormSupervisor, container: ContainerDep, form: Form
) -> Response:
    """Save a new article, or show the form again with what is wrong."""
    slug = _line(form, "slug") or slug_of(_line(form, "title"))
    draft = _draft_in(form, _known_language(form.get("language", "")), slug)
    return _save(page, supervisor, container, draft, form, new=True)


@router.get("/{language}/{slug}", response_class=HTMLResponse)
def show_article(
    language: Language,
    slug: str,
    page: PageDep,
    supervisor: PageSupervisor,
    container: ContainerDep,
    saved: bool = False,
) -> HTMLResponse:
    """Show the form of one article, and its history."""
    file, versions = _known(container, language, slug)
    last = next((version.text for version in versions if version.text), "")
    draft = file.draft if file.text else Draft.of(file.name, last)
    return _form(page, supervisor, container, draft, started_from=file.sha256, saved=saved)


@router.post("/{language}/{slug}", response_class=HTMLResponse)
def save(
    language: Language,
    slug: str,
    page: PageDep,
    supervisor: FormSupervisor,
    container: ContainerDep,
    form: Form,
) -> Response:
    """Save an article, or show the form again with what is wrong."""
    _known(container, language, slug)
    return _save(page, supervisor, container, _draft_in(form, language, slug), form)


@router.get("/{language}/{slug}/versions/{number}", response_class=HTMLResponse)
def show_version(
    language: Language,
    slug: str,
    number: Id,
    page: PageDep,
    supervisor: PageSupervisor,
    container: ContainerDep,
) -> HTMLResponse:
    """Show one version beside the present text, and offer to restore it."""
    file, versions = _known(container, language, slug)
    found = next((version for version in versions if version.number == number), None)
    if found is None:
        raise HTTPException(404, "There is no such version.")
    draft = Draft.of(file.name, found.text)
    return page.show(
        "control_article_version.html",
        **_frame(container, supervisor),
        file=file,
        version=found,
        draft=draft,
        html=_html(draft),
        passages=differences(found.text, file.text),
    )


def _list(
    page: Page,
    supervisor: Account,
    container: Container,
    query: str = "",
    status: int = 200,
    failed: bool = False,
) -> HTMLResponse:
    files = container.article_editor.files(container.clock())
    return page.show(
        "control_articles.html",
        status=status,
        **_frame(container, supervisor),
        groups=_topics(files, query),
        unusable=[file for file in files if file.fault],
        query=query,
        failed=failed,
    )


def _topics(files: Iterable[ArticleFile], query: str) -> list[Group[Translations]]:
    by_slug: dict[str, dict[Language, ArticleFile]] = {}
    for file in files:
        by_slug.setdefault(file.slug, {})[file.language] = file
    wanted = query.lower()
    return grouped(
        {
            slug: translations
            for slug, translations in by_slug.items()
            if any(wanted in f"{slug}\n{file.text}".lower() for file in translations.values())
        }
    )


def _save(
    page: Page,
    supervisor: Account,
    container: Container,
    draft: Draft,
    form: Mapping[str, str],
    new: bool = False,
) -> Response:
    note, started_from = _line(form, "note"), form.get("started_from", "")
    kept: dict[str, Any] = {"new": new, "note": note, "started_from": started_from, "typed": True}
    if form.get("do") == "preview":
        return _form(page, supervisor, container, draft, **kept)
    try:
        article = container.article_editor.save(
            draft, started_from, supervisor.id, note, container.clock()
        )
    except ArticleChanged:
        if not new:
            return _form(
                page, supervisor, container, draft, **kept, status=HTTPStatus.CONFLICT, changed=True
            )
        faults: tuple[Fault, ...] = (Fault("slug", "taken", "the slug is taken"),)
    except ArticleError as error:
        faults = error.faults
    except OSError as error:
        logger.exception("could not save the article %s/%s", draft.language, draft.slug)
        faults = (Fault("", "unwritable", f"{error.filename}: {error.strerror}"),)
    else:
        _indexed(container)
        address = f"{ADDRESS}/{article.language}/{article.slug}?saved=true"
        return RedirectResponse(address, HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return _form(page, supervisor, container, draft, **kept, status=status, faults=faults)


def _form(
    page: Page,
    supervisor: Account,
    container: Container,
    draft: Draft,
    *,
    started_from: str,
    new: bool = False,
    status: int = 200,
    faults: Iterable[Fault] = (),
    changed: bool = False,
    note: str = "",
    typed: bool = False,
    saved: bool = False,
) -> HTMLResponse:
    """Show the form with `draft` in it.

    Args:
        page: The page.
        supervisor: Who edits the article.
        container: The container.
        draft: What the fields show.
        started_from: The SHA-256 of the file that the form was made from.
        new: There is no such article yet.
        status: The HTTP status.
        faults: What is wrong with the draft.
        changed: The file was changed while it was edited; the differences are shown, and saving
            again replaces it.
        note: The note on the change.
        typed: The draft is not saved yet.
        saved: The draft has just been saved.
    """
    file = container.article_editor.file(draft.language, draft.slug, container.clock())
    versions = [] if new else container.article_editor.versions(draft.language, draft.slug)
    other: Language = "zh" if draft.language == "en" else "en"
    return page.show(
        "control_article.html",
        status=status,
        **_frame(container, supervisor),
        file=file,
        draft=draft,
        html=_html(draft),
        other=container.article_editor.file(other, draft.slug, container.clock()),
        versions=versions,
        meanwhile=_meanwhile(versions, started_from, file) if changed else None,
        started_from=file.sha256 if changed else started_from,
        faults=by_field(page, faults),
        note=note,
        new=new,
        typed=typed,
        saved=saved,
    )


def _frame(container: Container, supervisor: Account) -> dict[str, Any]:
    """Return what the frame of every article page is rendered from."""
    return {
        **room(container, supervisor),
        "indexed": container.article_editor.is_indexed(),
        "both": LANGUAGES,
    }


def _known(
    container: Container, language: Language, slug: str
) -> tuple[ArticleFile, list[Version]]:
    """Return an article, present or removed, with its versions; 404 if there never was one."""
    file = container.article_editor.file(language, slug, container.clock())
    versions = container.article_editor.versions(language, slug)
    if not versions:
        raise HTTPException(404, "There is no such article.")
    return file, versions


def _indexed(container: Container) -> bool:
    """Build the search index; return False when that failed and the previous index stays."""
    try:
        container.article_editor.index()
    except KnowledgeError as error:
        logger.warning("could not index the articles, keeping the previous index: %s", error)
        return False
    except Exception:
        logger.exception("could not index the articles, keeping the previous index")
        return False
    return True


def _meanwhile(versions: Iterable[Version], started_from: str, file: ArticleFile) -> list[Passage]:
    """Return how the file was changed since the form was made."""
    texts = [version.text for version in versions]
    start = next((text for text in texts if sha256(text) == started_from), "")
    return differences(start, file.text)


def _draft_in(form: Mapping[str, str], language: Language, slug: str) -> Draft:
    return Draft(
        language,
        slug,
        _line(form, "title"),
        tuple(tags_in(_line(form, "tags"))),
        inert(form.get("body", "")),
        "published" in form,
    )


def _line(form: Mapping[str, str], name: str) -> str:
    return " ".join(inert(form.get(name, "")).split())


def _known_language(language: str) -> Language:
    return "zh" if language == "zh" else "en"


def _html(draft: Draft) -> str:
    return to_html(draft.body, draft.language)
