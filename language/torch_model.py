"""The fingerprint of a torch model that somebody configured; the caller imports torch."""

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def fingerprint(model: "nn.Module") -> str:
    """Return the SHA-256 of all weights with their names, in alphabetical order."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()
