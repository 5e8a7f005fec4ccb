"""The documentation: pages that are written, pages that are made of the code, and what makes them.

- ``*.md`` are written by hand; those in ``reference``, and ``man``, are made of the tables that
  the code itself reads by: `python -m docs` makes them, and a test says when they are stale.
  ``made`` is the list of them, ``reference`` and ``manual`` have the blocks, ``blocks`` writes
  these as Markdown and for man; ``events`` collects the lines of the event log, ``facts`` has what
  has no table.
- ``pictures`` are drawn from real sessions by `python -m docs.pictures`; ``svg`` does the drawing.
"""
