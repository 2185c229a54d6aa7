"""The pages that people see: shop, help, desk and control room."""

from fastapi import APIRouter

from api.pages.articles import router as articles
from api.pages.control import router as control
from api.pages.desk import router as desk
from api.pages.gaps import router as gaps
from api.pages.help import router as help_centre
from api.pages.replay import router as replay
from api.pages.shop import router as shop
from api.pages.sign_in import router as sign_in

router = APIRouter()
for _part in (shop, help_centre, sign_in, desk, control, articles, gaps, replay):
    router.include_router(_part)
