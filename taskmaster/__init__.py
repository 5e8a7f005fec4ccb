"""Taskmaster, the daemon: supervise processes, each on a terminal of its own.

One installation is two processes and a client (DESIGN, section 1):

- the **keeper** (``taskmaster.keeper``) is the parent of everything. It forks, reaps, signals and
  holds descriptors; it has no policy and reads no config.
- the **core** (``taskmaster.daemon``) decides. It reads the config, runs the rules, moves the bytes
  of every terminal and serves clients.
- the **client** is the package ``ctl``; all it shares with the core is ``taskmaster.protocol``.

Inside the core, what decides is apart from what does:

- *pure*, values in and values out, no clock and no I/O: ``process`` (the life of one process),
  ``supervisor`` (all of them: orders, reload, shutdown), ``config`` (but for reading the files),
  ``names``, ``protocol``, ``control.handlers``, ``spawnrequest``, ``state``, ``metrics``, what
  ``alerts`` say, ``convert`` (but for reading the files);
- *thin*, performs and decides nothing: ``driver`` (actions, the one timer, the one clock),
  ``children`` (what the keeper is asked and tells), ``onlookers`` (logs, recordings, ready texts),
  ``eventlog``, ``pidfile``, ``measure``, ``control.server``, ``control.remote``,
  ``control.attach`` and ``keeper.client``;
- ``http``, supervisord's XML-RPC among it, and ``listeners``, supervisord's event listeners, have
  both kinds (their docstrings).

A core that dies is followed by another one: what was decided has been saved with the keeper before
it was done (``memory``), and the next core lets that meet what became of it (``succession``).

A request travels server -> handlers -> supervisor -> machine, and comes back as actions, which the
driver performs; between an event and its last action nothing awaits. Terminals, rings and log
files are the package ``pty_mux``, which knows nothing of programs.

This module imports nothing, so that the client does not load the daemon along with the protocol.
"""

__version__ = "0.1.0"
