from dataclasses import replace

import pytest
from starlette.exceptions import HTTPException
from tests.serve.serving import desk_of

from ausweis.pages.words import Words
from ausweis.serve.auth import Session
from ausweis.serve.desk import RequestContext
from ausweis.serve.roles import require_lead
from ausweis.store import Store


def test_only_a_lead_gets_through(store: Store) -> None:
    session = Session("1", "Anna", 0, role="lead")
    context = RequestContext(desk_of(store), session, Words("en"), "/", "", {}, {})
    require_lead(context)
    with pytest.raises(HTTPException) as refused:
        require_lead(replace(context, session=replace(session, role="reviewer")))
    assert refused.value.status_code == 403
