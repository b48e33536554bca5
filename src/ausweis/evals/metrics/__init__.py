"""Numbers of an eval, each with an interval; one kind a file. They take cases and know nothing of files.

measures      numbers of weighted cases, for many resamples at once
estimate      a number with its interval: Wilson for shares, bootstrap over calls for all else
outcomes      outcome accuracy, kappa, confusion
violations    precision, recall and F1 of violations; per type; first turn
field         false alarms; a review of the riskiest calls where violations are rare
facts         factors, actions, caller, authorisation; quotes
ranking       average precision; violations found when the riskiest calls are reviewed
calibration   reliability table, Brier score, coverage at a wanted precision
stability     calls whose verdict flips over repeats
cost          seconds and tokens
incidents     critical incidents beyond authentication: by kind, by place, near twins told apart
own_words     a policy's own factors and categories: by what happens, in the call or in its turn; per language
summary       all of them, and some by tag
"""

from ausweis.evals.metrics.estimate import Estimate
from ausweis.evals.metrics.summary import Summary, rows_of, summarise

__all__ = ["Estimate", "Summary", "rows_of", "summarise"]
