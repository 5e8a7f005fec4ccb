"""``taskmasterctl top``: a full screen of processes, and what the selected one's terminal shows.

| module | what |
| --- | --- |
| `actions` | what a key may ask for, and what is asked back; pure |
| `board` | what is known and chosen, and what a key does; pure |
| `rows` | which rows there are, in which order; pure |
| `figures` | numbers as short texts and small graphs; pure |
| `text` | texts with styles, cut to a width in cells; pure |
| `table`, `drawing` | the board as lines of a given size; pure |
| `source`, `looking` | what the daemon tells, by threads that wait for it |
| `editing` | the config in the user's editor, and what it would change |
| `window` | the drawing as prompt_toolkit wants it |
| `app` | the one place that knows prompt_toolkit's application |

Keys are never passed on to a process from here: Enter leaves the dashboard for the one attach there
is (`ctl.attach`), and comes back to the same row.
"""
