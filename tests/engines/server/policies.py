"""How long clients wait in tests. A machine that is busy may hold a process for seconds: no test counts on less."""

from dataclasses import replace

from ausweis.engines.server.connection import RetryPolicy

PATIENT = RetryPolicy(attempts=4, attempt_seconds=60, total_seconds=240, first_wait=0.001, longest_wait=0.002)
"""For faults that end by themselves."""
IMPATIENT = RetryPolicy(attempts=4, attempt_seconds=0.3, total_seconds=60, first_wait=0.001, longest_wait=0.002)
"""For a server that is silent: an attempt may end though the server would have replied."""
PERSISTENT = replace(IMPATIENT, attempts=60)
"""For a server that is silent now and then."""
SOON = 15.0
"""Seconds within which ends what does not wait for a silent server (`misdeeds.stall`: 30 s)."""
