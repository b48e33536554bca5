"""What is new: kinds that the day before had none of, what waits from earlier days, objections since."""

from datetime import date, timedelta
from pathlib import Path

from tests.reports.review_days import DAY, filled

from ausweis.reports.review_since import since
from ausweis.store import CallFilter


def test_new_kinds_waiting_calls_and_objections(tmp_path: Path) -> None:
    with filled(tmp_path) as store:
        key = store.keys(CallFilter(outcomes=("violation",)))[0]
        one = store.raise_objection(key, side="Team", reason="Nein.", by="Lea")
        found = since(store, CallFilter(), DAY, DAY, store.objections(), before=14)
        assert found.day == DAY - timedelta(days=1)
        assert found.kinds == ("lawyer_threat",)
        # One violation on each of three days before.
        assert (found.waiting, found.raised, found.ruled) == (3, 1, 0)
        verdict = store.record(key).verdict_key
        store.rule_on_objection(one.key, ruling="stands", by="Lea", note="Doch.", verdict_key=verdict)
        tomorrow = date.today() + timedelta(days=1)
        assert since(store, CallFilter(), DAY, DAY, store.objections(), before=14).ruled == 1
        late = since(store, CallFilter(), DAY, tomorrow, store.objections(), before=14)
        assert (late.raised, late.ruled) == (0, 0)
