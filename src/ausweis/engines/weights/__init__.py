"""Model files: which there are, where they come from, and that they are what they should be.

catalogue  what each file is (models.yaml), which hash it must have, and where it can be had
adapter    what was learned besides, added to the weights of an ASR model
cache      the folder of model files: written whole or not at all, and what was hashed is noted
local      finds and checks the models on this machine; fetches them from packages, from their makers, from a copy
"""

from ausweis.engines.weights.cache import Progress, cache_folder
from ausweis.engines.weights.local import LocalModel, locate, locate_file, locate_folder, pull, state, verify

__all__ = [
    "LocalModel",
    "Progress",
    "cache_folder",
    "locate",
    "locate_file",
    "locate_folder",
    "pull",
    "state",
    "verify",
]
