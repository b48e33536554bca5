"""`python -m ausweis`."""

from ausweis.cli import main

main()
