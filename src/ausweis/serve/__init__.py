"""Reviewing in the browser: a queue, one call a page, decisions, figures. Plain pages; htmx where it saves a reload.

The way in:
    app         routes, and who may pass
    security    headers, hosts, sizes
    auth        the token, the session, the CSRF token of forms
    roles       what only a lead may do
    running     the server in this process
    desk        what every page works with

Pages:
    queue       calls as rows; `question` is what is asked of them
    lists       what can be chosen in a filter
    call_page   one call, and what is decided on it: `decision`; `call_view` is what it shows
    audio       recordings, in parts; `wav_response` sends what no browser plays as WAV
    wave        the wave form of a call; `kept_waves` are those in memory
    sample      calls drawn by chance
    figures     agreement, recall, trends

What they are made of:
    rendering   templates to answers; templates/ and static/
    language    in which language a reader is answered
"""

from ausweis.serve.app import create_app
from ausweis.serve.auth import Auth
from ausweis.serve.desk import Desk

__all__ = ["Auth", "Desk", "create_app"]
