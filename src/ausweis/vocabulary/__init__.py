"""The words of the domain, each with all that the program knows of it: one record, one place.

factor      what a factor is: how it looks, what it proves, how it is masked, what it is called
factors     the known ones: what identifies a caller
actions     what an agent discloses or changes, by category
violations  how a policy is broken, and how grave that is
incidents   critical incidents beyond authentication
own_words   factors and categories of a company's own, and all words that a policy knows
levels      names of the levels that policies share
lists       all other closed lists: outcomes, checks, severities, states
names       what an id is called

A record is looked up by its id, and a mapping gives the ids in their order. Texts are in German and English. A new
known factor, category or incident is a record here, and its id in the list beside it; a policy describes its own.
Nothing here depends on anything else in the package, so all of it may import this.
"""

from ausweis.vocabulary.actions import CATEGORIES, CHANGES, DISCLOSURES, ActionKind, Category, CategoryRecord
from ausweis.vocabulary.factor import Factor, FactorRecord, LooksLike, MaskKind, Strength, default_mask
from ausweis.vocabulary.factors import FACTORS, NAME, WITH_DIGITS, hot_words
from ausweis.vocabulary.incidents import INCIDENTS, IncidentId, IncidentRecord, Side
from ausweis.vocabulary.levels import LEVELS, level_name
from ausweis.vocabulary.lists import (
    CALLERS,
    CHECKS,
    LANGUAGES,
    OUTCOMES,
    SEVERITIES,
    SEVERITY_NAMES,
    AuthorisationStatus,
    Caller,
    CheckId,
    CheckResult,
    FactorStatus,
    Language,
    Outcome,
    Severity,
    Speaker,
    Texts,
)
from ausweis.vocabulary.names import name_of
from ausweis.vocabulary.own_words import KNOWN_WORDS, OwnKind, OwnWord, Vocabulary, WordId, is_word, with_own
from ausweis.vocabulary.violations import GRAVEST, VIOLATIONS, ViolationRecord, ViolationType

__all__ = [
    "CALLERS",
    "CATEGORIES",
    "CHANGES",
    "CHECKS",
    "DISCLOSURES",
    "FACTORS",
    "GRAVEST",
    "INCIDENTS",
    "KNOWN_WORDS",
    "LANGUAGES",
    "LEVELS",
    "NAME",
    "OUTCOMES",
    "SEVERITIES",
    "SEVERITY_NAMES",
    "VIOLATIONS",
    "WITH_DIGITS",
    "ActionKind",
    "AuthorisationStatus",
    "Caller",
    "Category",
    "CategoryRecord",
    "CheckId",
    "CheckResult",
    "Factor",
    "FactorRecord",
    "FactorStatus",
    "IncidentId",
    "IncidentRecord",
    "Language",
    "LooksLike",
    "MaskKind",
    "Outcome",
    "OwnKind",
    "OwnWord",
    "Severity",
    "Side",
    "Speaker",
    "Strength",
    "Texts",
    "ViolationRecord",
    "ViolationType",
    "Vocabulary",
    "WordId",
    "default_mask",
    "hot_words",
    "is_word",
    "level_name",
    "name_of",
    "with_own",
]
