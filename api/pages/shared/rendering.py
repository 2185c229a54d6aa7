"""Templates turned into pages, in the reader's language."""

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
from api.pages.shared.translation import COOKIE, locale_of, translations, wished
from language.detect import LANGUAGES, Language

PAGES = Path(__file__).parents[1]
STATIC = Path(__file__).with_name("static")
A_YEAR = 365 * 24 * 3600


@cache
def static(name: str) -> str:
    """Return the address of a static file; it changes with the file, so browsers may keep it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


@cache
def environment(language: Language) -> Environment:
    """Return the templates as `language` speaks them."""
    made = Environment(
        loader=FileSystemLoader(sorted(PAGES.glob("*/templates"))),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    spoken = translations(language)
    # The extension hangs this on its environment, where no type knows of it.
    made.install_gettext_translations(spoken, newstyle=True)  # type: ignore[attr-defined]
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
        made.filters[name] = getattr(formats, name)
    made.filters["label"] = lambda key, kind: labels.label(spoken, kind, key)
    made.filters["iso"] = _iso
    made.globals.update(static=static, languages=LANGUAGES, language=language)
    return made


@dataclass(frozen=True)
class Page:
    """One page asked for, and the language that it is to be in."""

    request: Request
    language: Language

    def show(
        self, template: str, *, status: int = 200, language: Language | None = None, **context: Any
    ) -> HTMLResponse:
        """Return a template filled with `context`; `language` where the address itself says it."""
        spoken = language or self.language
        html = (
            environment(spoken)
            .get_template(template)
            .render(path=self.request.url.path, switch=self._switch, status=int(status), **context)
        )
        response = HTMLResponse(html, status, {"Content-Language": spoken, "Vary": "Cookie"})
        if self.request.query_params.get(COOKIE) in LANGUAGES:
            response.set_cookie(COOKIE, spoken, max_age=A_YEAR, samesite="lax")
        return response

    def translate(self, sentence: str) -> str:
        """Return one sentence in the page's language."""
        return str(translations(self.language).gettext(sentence))

    def label(self, key: str, kind: str) -> str:
        """Return the word for a key of the record in the page's language."""
        return labels.label(translations(self.language), kind, key)

    def short_day(self, day: date) -> str:
        """Return day and month as the page's language writes them."""
        return Formats(locale_of(self.language)).short_day(day)

    def _switch(self, language: Language) -> str:
        """Return the address of this page in another language."""
        asked = {key: value for key, value in self.request.query_params.items() if key != COOKIE}
        return f"{self.request.url.path}?{urlencode({**asked, COOKIE: language})}"


def _page(request: Request) -> Page:
    return Page(request, wished(request))


PageDep = Annotated[Page, Depends(_page)]


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
