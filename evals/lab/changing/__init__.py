"""Calls changed in ways whose effect on the verdict is known, and whether verdicts behave so.

Metamorphic testing (Chen et al. 1998): nobody need label the changed calls anew.

editing    turns put in, taken out, said otherwise, with the label's events kept in step
harmless   changes that may not move a verdict
harmful    changes after which the rules say something else
checking   changed calls, and the share of verdicts that behave
"""

from evals.lab.changing.checking import CHANGES, Behaviour, Changed, changed_calls, check, original_of

__all__ = ["CHANGES", "Behaviour", "Changed", "changed_calls", "check", "original_of"]
