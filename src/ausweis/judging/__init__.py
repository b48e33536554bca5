"""Facts and a policy in, a verdict out. No model, and no file but the policy's own.

The policy:
    policy           what a policy file may say, and what it means
    policy_files     finds and reads a policy by name or path
    policy_problems  what is wrong in a policy file, with line and the words allowed
    contradictions   what a policy says that cannot be
    own_rules        what is wrong with a policy's own factors and categories
    unknown          the sentence about a word that is not known
    policies/        the policies that ship
    explain          what a policy asks, in plain sentences, with warnings
    rules            a policy made ready for judging many facts

From facts to verdict:
    own_words        which own words of the policy the reader looked for
    timeline         events in order of time
    evidence         what became of each factor; who speaks when
    actions          the protected actions, each measured by what was verified before it; leaks
    violations       which rules were broken, and why
    decide           all of that in one step: the core
    risk             the core over all that may have happened
    incidents        critical incidents beyond authentication
    authorisation    whether a third party was allowed to act
    checks           the six questions of the review
    hearing          which badly heard places the verdict hangs on
    review           which verdicts a person should look at
    judge            puts it together

The verdict:
    verdict          the contract
    reasons          why: codes with their values
    harm             how grave it is: the order of all lists
    sentences        the reasons in the reader's language
"""

from ausweis.judging.explain import explain
from ausweis.judging.judge import judge
from ausweis.judging.policy import Policy
from ausweis.judging.policy_files import PolicyFile, check_policy, find_policy, shipped_policies
from ausweis.judging.policy_problems import Problem
from ausweis.judging.timeline import EVENT_THRESHOLD
from ausweis.judging.verdict import Verdict

__all__ = [
    "EVENT_THRESHOLD",
    "Policy",
    "PolicyFile",
    "Problem",
    "Verdict",
    "check_policy",
    "explain",
    "find_policy",
    "judge",
    "shipped_policies",
]
