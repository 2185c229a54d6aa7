"""The pages that people see: shop, help, desk and control room."""

from fastapi import APIRouter

from api.pages.control.articles import router as articles
from api.pages.control.calibration import router as calibration
from api.pages.control.drift import router as drift
from api.pages.control.gaps import router as gaps
from api.pages.control.log import router as log
from api.pages.control.offers import router as offers
from api.pages.control.overview import router as overview
from api.pages.control.replay import router as replay
from api.pages.control.rules import router as rules
from api.pages.desk.views import router as desk
from api.pages.help.views import router as help_centre
from api.pages.shared.sign_in import router as sign_in
from api.pages.shop.views import router as shop

router = APIRouter()
for _part in (
    shop,
    help_centre,
    sign_in,
    desk,
    overview,
    log,
    offers,
    articles,
    gaps,
    rules,
    calibration,
    drift,
    replay,
):
    router.include_router(_part)
