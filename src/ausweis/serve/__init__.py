"""Reviewing in the browser: a queue, one call a page, decisions, figures. Plain pages; htmx where it saves a reload.

The way in:
    app         routes, and who may pass
    security    headers, hosts, sizes
    signing_in  by the terminal's token and a name, or by a key of one's own; `throttle` slows wrong ones
    sign_on     or by what a proxy of the company says
    auth        the token, the session, the CSRF token of forms
    people      who is at the browser, as the table of reviewers has it now
    roles       what only a lead may do
    running     the server in this process
    indexer     calls made searchable meanwhile
    desk        what every page works with

Pages:
    queue       calls as rows; `question` is what is asked of them, `period` days that move with the calendar
    lists       what can be chosen in a filter
    empty       what is said where nothing is left
    call_page   one call, and what is decided on it: `decision`; `call_view` is what it shows
    typed       what was typed about a call and not sent, carried through sign-in, language and faults
    calibration sessions in which several decide the same calls; `calibration_result` what was said
    said        what has just been decided, and how it is taken back
    blind       a call whose verdict is hidden, and what is heard in it; `comparing` both
    working     who is at which call (`places`), who settles it, and how far the queue is
    audio       recordings, in parts; `wav_response` sends what no browser plays as WAV
    wave        the wave form of a call; `kept_waves` are those in memory
    sheet       one call on a sheet of paper, for coaching
    download    the queue as an Excel file
    saved       filters kept under a name
    sample      calls drawn by chance
    search      what is searched for, and where it is; `unmasked_search`: in masked data too
    objections  what the agent's side objects to, and rulings on it
    figures     agreement, recall, trends
    team        who reviews, in which role

What they are made of:
    requests    what is read from a request
    rendering   templates to answers; templates/ and static/
    language    in which language a reader is answered
"""

from ausweis.serve.app import create_app
from ausweis.serve.auth import Auth
from ausweis.serve.desk import Desk

__all__ = ["Auth", "Desk", "create_app"]
