"""Pseudo-terminals, their history, their log files and who looks at them.

The package knows bytes, terminals and clients; it knows nothing of programs or of configurations,
and imports the standard library only.
"""
