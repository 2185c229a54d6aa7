"""The pages that people see: shop, help, desk and control room."""

from fastapi import APIRouter

from api.pages.articles import router as articles
from api.pages.calibration import router as calibration
from api.pages.control import router as control
from api.pages.desk import router as desk
from api.pages.drift import router as drift
from api.pages.gaps import router as gaps
from api.pages.help import router as help_centre
from api.pages.replay import router as replay
from api.pages.rules import router as rules
from api.pages.shop import router as shop
from api.pages.sign_in import router as sign_in

router = APIRouter()
for _part in (
    shop,
    help_centre,
    sign_in,
    desk,
    control,
    articles,
    gaps,
    rules,
    calibration,
    drift,
    replay,
):
    router.include_router(_part)
