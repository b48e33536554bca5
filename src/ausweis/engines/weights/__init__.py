"""Model files: which there are, where they come from, and that they are what they should be."""

from ausweis.engines.weights.cache import CACHE_VARIABLE, Progress, cache_folder
from ausweis.engines.weights.local import (
    Finding,
    Folder,
    Located,
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
    "Finding",
    "Folder",
    "Located",
    "Progress",
    "Weights",
    "cache_folder",
    "locate",
    "locate_file",
    "locate_folder",
    "pull",
    "state",
    "verify",
]
