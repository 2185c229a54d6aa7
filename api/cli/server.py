"""`amends serve` and `amends demo-shop`: what keeps running until it is interrupted."""

from typing import Annotated

import typer


def serve(
    reload: Annotated[
        bool, typer.Option(help="For development: restart when Python code changes.")
    ] = False,
) -> None:
    """Prepare what is missing and serve the whole product."""
    from api import development, startup
    from api.settings import Settings

    if reload:
        development.serve(Settings(), typer.echo)
    else:
        startup.serve(Settings(), typer.echo)


def demo_shop(
    token: Annotated[str, typer.Option(envvar="AMENDS_BACKOFFICE_TOKEN", help="Who may ask.")],
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8100,
) -> None:
    """Serve the demo shop's orders over HTTP, as a company's own order service would."""
    import uvicorn

    from api.demo_shop_service import create_demo_service
    from api.settings import Settings
    from assistant.orders.demo_shop import open_demo_shop

    shop = open_demo_shop(Settings().data_dir)
    typer.echo(f"The demo shop's orders are at http://127.0.0.1:{port}; stop with Ctrl-C.")
    uvicorn.run(create_demo_service(shop, token), port=port, log_level="warning")
