"""Arguments that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
Target = Annotated[Path, typer.Argument(dir_okay=False)]
