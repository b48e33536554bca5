"""Reviewing in the browser: a queue, one call a page, decisions, figures. Plain pages; htmx where it saves a reload.

The way in:
    app         routes, and who may pass
    security    headers, hosts, sizes
    signing_in  by the terminal's token and a name, or by a key of one's own; who is at the browser
    auth        tokens, cookies, CSRF tokens, a company's sign-on; wrong keys are slowed
    running     the server in this process; calls are made searchable meanwhile
    desk        what every page works with, and what is kept in memory, such as who is at which call
    web         what is read from a request, and templates to answers; templates/ and static/

Pages:
    today       what waits, and the list; the same as an Excel file, and assigned to people
    queue       calls as rows; `question` is what is asked of them
    search      what is searched for, and where it is; in masked data too; filters kept under a name
    call_page   one call, its policy in words, who is at it, and what is decided on it: `decision`
    recordings  in parts, as WAV where a browser needs that, and their wave form
    calibration sessions in which several decide the same calls, and what was said in them
    figures     how often reports are right, recall, trends, agreement
    exporting   Excel files, the report of days, and one call on a sheet of paper, for coaching
    settings    for leads, in sections: who reviews, the policies in words, samples, sessions,
                `objections` of the agent's side and rulings on them, deletion, the audit log
"""

from ausweis.serve.app import create_app
from ausweis.serve.auth import Auth
from ausweis.serve.desk import Desk

__all__ = ["Auth", "Desk", "create_app"]
