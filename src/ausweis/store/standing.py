"""Which decisions their reviewers took back: an entry of choice `withdrawn` takes back the last word before it.

The word before that one is then the reviewer's last again, as after any undoing.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ausweis.store.persons import person_of

__all__ = ["taken_back"]


def taken_back(rows: Iterable[Any]) -> dict[int, int | None]:
    """By the key of each entry that takes a decision back: that of the decision.

    `rows`: of `decisions`, all that one reviewer said on what one verdict says, in their order; those of
    other calls, verdicts and reviewers may be among them. None where there was nothing to take back.
    """
    standing: defaultdict[tuple[int, str, str], list[int]] = defaultdict(list)
    taken: dict[int, int | None] = {}
    for row in rows:
        words = standing[row.call_key, row.says, person_of(row.reviewer)]
        if row.choice == "withdrawn":
            taken[row.key] = words.pop() if words else None
        else:
            words.append(row.key)
    return taken
