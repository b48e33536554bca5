"""Numbers of an eval, each with an interval. They take cases and know nothing of files.

estimate      a number with its interval; numbers of weighted cases, for many resamples at once
calibration   reliability table, Brier score, coverage at a wanted precision
incidents     critical incidents beyond authentication: by kind, by place, near twins told apart
own_words     a policy's own factors and categories: by what happens, in the call or in its turn; per language
summary       outcomes, violations, facts, the riskiest calls, what flips, costs; all numbers, and some by tag
"""

from ausweis.evals.metrics.estimate import Estimate
from ausweis.evals.metrics.summary import Summary, rows_of, summarise

__all__ = ["Estimate", "Summary", "rows_of", "summarise"]
