"""The documentation: pages that are written, pages that are made of the code, and what makes them.

- ``made`` is the list of what is made, `python -m docs` makes it;
- ``*.md`` are the pages; those in ``reference`` and ``man`` are made, all others written by hand.
"""
