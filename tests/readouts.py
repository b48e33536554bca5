"""A readout that has learned nothing, for tests of what is done with one."""

from collections.abc import Sequence

import numpy as np

from ausweis.engines.readout import Readout
from ausweis.prompts import Template

__all__ = ["blank"]


def blank(template: Template, labels: Sequence[str], model_sha256: str = "0" * 64) -> Readout:
    """Each label is as likely as not."""
    return Readout(
        labels=tuple(labels),
        layers=(1,),
        weights=np.zeros((len(labels), 2), dtype=np.float32),
        bias=np.zeros(len(labels), dtype=np.float32),
        template=template.name,
        template_sha256=template.sha256,
        model_sha256=model_sha256,
        notes="",
    )
