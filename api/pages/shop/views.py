"""The page of the demo shop, and the script of the chat widget."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api.pages.shared.rendering import Page, PageDep
from api.pages.shared.translation import N_
from language.catalogue import texts
from language.detect import LANGUAGES

WIDGET = Path(__file__).with_name("widget.js")
"""The widget's source, in which `__TEXTS__` stands for its texts."""

_WIDGET_KEYS = "widget."

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Product:
    """A product of the collection; `picture` is a drawing in products.svg."""

    picture: str
    name: str
    about: str
    price: str


@dataclass(frozen=True)
class Promise:
    """A promise of the shop, and the article with its details."""

    icon: str
    title: str
    text: str
    article: str


PRODUCTS = (
    Product("lamp", N_("Quay table lamp"), N_("Opal glass on turned ash"), "84.00"),
    Product("rug", N_("Tideline rug"), N_("Hand-woven wool, 170 × 240 cm"), "189.00"),
    Product("crockery", N_("Shale dinner set"), N_("Stoneware for four, 12 pieces"), "96.00"),
    Product("bedding", N_("Linen bed set"), N_("Washed linen in fog and fern"), "129.00"),
    Product("curtains", N_("Estuary curtains"), N_("Made to your measure, lined"), "145.00"),
    Product("table", N_("Jetty side table"), N_("Solid oak, five-year frame warranty"), "115.00"),
)
PROMISES = (
    Promise(
        "truck",
        N_("Delivered in 3–5 working days"),
        N_("£3.95 in the UK, free from £50. Express the next working day for £7.95."),
        "delivery-options",
    ),
    Promise(
        "clock",
        N_("Late? The delivery is on us"),
        N_("More than two working days late, and we refund what you paid for delivery."),
        "late-delivery",
    ),
    Promise(
        "return",
        N_("30 days to change your mind"),
        N_("Unused, with a free prepaid label in the UK."),
        "returns",
    ),
    Promise(
        "shield",
        N_("Two-year warranty"),
        N_("Five years on furniture frames; damaged or wrong items replaced at our cost."),
        "warranty",
    ),
)
SUGGESTIONS = (
    N_("Where is my order?"),
    N_("How do I return something?"),
    N_("How much is delivery?"),
)
HINTS = (
    *SUGGESTIONS,
    N_("Can I pay with Alipay?"),
    N_("Please change the address of my order HP-10234"),
    N_("I have asked three times and nobody answers. Get me a person, please."),
)


@router.get("/", response_class=HTMLResponse)
def home(page: PageDep) -> HTMLResponse:
    """Show the shop with the chat widget."""
    return page.show(
        "shop.html",
        products=PRODUCTS,
        promises=PROMISES,
        hints=[page.translate(hint) for hint in HINTS],
        suggestions=suggestions(page),
    )


@router.get("/widget.js")
def widget() -> Response:
    """Return the chat widget, a script that any website can include."""
    headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
    return Response(widget_script(), media_type="text/javascript", headers=headers)


@cache
def widget_script() -> str:
    """Return the widget's source with its texts from the catalogue, in every language."""
    tables = {
        language: {
            key.removeprefix(_WIDGET_KEYS): text
            for key, text in texts(language).items()
            if key.startswith(_WIDGET_KEYS)
        }
        for language in LANGUAGES
    }
    source = WIDGET.read_text(encoding="utf-8")
    return source.replace("__TEXTS__", json.dumps(tables, ensure_ascii=False))


def suggestions(page: Page) -> list[str]:
    """Return the questions that the chat suggests, in the page's language."""
    return [page.translate(suggestion) for suggestion in SUGGESTIONS]
