"""Renders templates in the reader's language."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.pages.shared import labels
from api.pages.shared.formats import Formats
from api.pages.shared.translation import COOKIE, locale_of, preferred_language, translations
from language.detect import LANGUAGES, Language

PAGES = Path(__file__).parents[1]
STATIC = Path(__file__).with_name("static")
A_YEAR = 365 * 24 * 3600


@cache
def static(name: str) -> str:
    """Return the address of a static file, with its hash, so that browsers may cache it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


@cache
def environment(language: Language) -> Environment:
    """Return the template environment of a language."""
    templates = Environment(
        loader=FileSystemLoader(sorted(PAGES.glob("*/templates"))),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    catalogue = translations(language)
    # The i18n extension adds this method to the environment; the types do not know it.
    templates.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
    formats = Formats(locale_of(language))
    for name in (
        "instant",
        "day",
        "weekday",
        "clock",
        "span",
        "span_to",
        "share",
        "number",
        "money",
    ):
        templates.filters[name] = getattr(formats, name)
    templates.filters["label"] = lambda key, kind: labels.label(catalogue, kind, key)
    templates.filters["iso"] = _iso
    templates.globals.update(static=static, languages=LANGUAGES, language=language)
    return templates


@dataclass(frozen=True)
class Page:
    """A requested page and its language."""

    request: Request
    language: Language

    def show(
        self, template: str, *, status: int = 200, language: Language | None = None, **context: Any
    ) -> HTMLResponse:
        """Render a template.

        Args:
            template: The file name of the template.
            status: The HTTP status of the response.
            language: The language, when the address determines it.
            **context: The variables of the template.
        """
        shown_language = language or self.language
        html = (
            environment(shown_language)
            .get_template(template)
            .render(path=self.request.url.path, switch=self._switch, status=int(status), **context)
        )
        response = HTMLResponse(
            html, status, {"Content-Language": shown_language, "Vary": "Cookie"}
        )
        if self.request.query_params.get(COOKIE) in LANGUAGES:
            response.set_cookie(COOKIE, shown_language, max_age=A_YEAR, samesite="lax")
        return response

    def translate(self, sentence: str) -> str:
        """Return a sentence in the page's language."""
        return str(translations(self.language).gettext(sentence))

    def label(self, key: str, kind: str) -> str:
        """Return the label of a stored key in the page's language."""
        return labels.label(translations(self.language), kind, key)

    def short_day(self, day: date) -> str:
        """Return day and month in the format of the page's language."""
        return Formats(locale_of(self.language)).short_day(day)

    def _switch(self, language: Language) -> str:
        """Return the address of this page in another language."""
        query = {key: value for key, value in self.request.query_params.items() if key != COOKIE}
        return f"{self.request.url.path}?{urlencode({**query, COOKIE: language})}"


def _page(request: Request) -> Page:
    return Page(request, preferred_language(request))


PageDep = Annotated[Page, Depends(_page)]


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
