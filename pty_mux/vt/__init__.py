"""A model of what a terminal shows: bytes in, state out. Pure, and the standard library only.

- `terminal`: the face. `Terminal.feed` cuts the bytes into text, controls and sequences and says
  what each means; it also holds what is not a cell: modes, title, colours.
- `screen`: the cells: cursor, margins, tab stops, both screens and the lines above the primary one.
  `line` is its rows, `reflow` what becomes of rows when the width changes.
- `style`: colours and attributes of a cell, SGR read and written. `width`: cells of a character.
- `paint`: a terminal's state as the bytes that bring any xterm-like terminal into it.
- `answers`: what a terminal says when a program asks it something.
- `keys`: names of keys to the bytes that they send.

Rows are kept as two strings, one character a cell for the text and one for the style, and not as
cells: a run of text is written by slicing, which is what makes a model in Python fast enough
(facts/attach.md, 3.3). Sources: ECMA-48, DEC STD 070, xterm's ctlseqs, the kitty keyboard protocol.
Not here: when the model is fed, and who looks (`pty_mux.session`).
"""
