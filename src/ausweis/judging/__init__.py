"""Facts and a policy in, a verdict out. No model and no file.

evidence    events in order of time: what became of each factor; who speaks when
decide      what was done, measured by what was verified before; which rules were broken, and why: the core
risk        the core over all that may have happened
incidents   which own words and critical incidents of the policy were looked for, and what of that counts
checks      the six questions of the review
review      which verdicts a person should look at, and which badly heard places they hang on
judge       puts it together
verdict     the contract; reasons are codes with their values
harm        how grave it is: the order of all lists
sentences   the reasons in the reader's language; texts.toml: these sentences
"""

from ausweis.judging.evidence import EVENT_THRESHOLD
from ausweis.judging.judge import judge
from ausweis.judging.verdict import Verdict

__all__ = ["EVENT_THRESHOLD", "Verdict", "judge"]
