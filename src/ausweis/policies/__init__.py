"""Policies: what a company's rules say, and what is wrong with a file of them. No model, and no file but the policy's.

form             what a policy file may say: its keys and their types
contradictions   what a policy says that cannot be, with the words allowed
policy           a policy, and what it means
files            finds and reads a policy by name or path; its mistakes with their lines
rules            a policy made ready for judging many facts
explain          what a policy asks, in plain sentences, with warnings; texts.toml: these sentences
differing        what one policy lets through that another does not
"""

from ausweis.policies.differing import Differences, differences
from ausweis.policies.explain import explain
from ausweis.policies.files import PolicyFile, Problem, check_all, check_policy, find_policy, shipped_policies
from ausweis.policies.form import EXPECTED, IncidentRule
from ausweis.policies.policy import Policy

__all__ = [
    "EXPECTED",
    "Differences",
    "IncidentRule",
    "Policy",
    "PolicyFile",
    "Problem",
    "check_all",
    "check_policy",
    "differences",
    "explain",
    "find_policy",
    "shipped_policies",
]
