"""Model files: which there are, where they come from, and that they are what they should be."""

from ausweis.engines.weights.cache import CACHE_VARIABLE, Progress, cache_folder
from ausweis.engines.weights.local import (
    Folder,
    Located,
    Verification,
    Weights,
    locate,
    locate_file,
    locate_folder,
    pull,
    state,
    verify,
)

__all__ = [
    "CACHE_VARIABLE",
    "Folder",
    "Located",
    "Progress",
    "Verification",
    "Weights",
    "cache_folder",
    "locate",
    "locate_file",
    "locate_folder",
    "pull",
    "state",
    "verify",
]
