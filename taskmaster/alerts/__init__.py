"""Alerts: tell people and programs elsewhere what happened to processes and to the daemon.

A step of a process, or a thing that happened to the daemon, becomes a `report.Report`. Each alert
of the config that wants it has a `courier`, which puts it into its `mailbox`, waits until a message
may go, and has a thread deliver it, again and again where that fails.

- *pure*: ``model`` (what the config says), ``report`` (what happened, in values), ``mailbox``
  (what waits, when a message may go, what is dropped), ``message`` and ``words`` (what it says),
  ``formats`` (JSON, the services' templates, RFC 5424).
- *thin*: ``mail``, ``web``, ``syslog`` and ``program`` deliver one message and block while they do;
  ``threads`` runs them beside the loop; ``courier`` is the life of one alert, ``service`` of all;
  ``picture`` looks at a terminal.

Nothing here is waited for by what supervises: reports go into bounded boxes, and what blocks has a
thread, a time limit and at most one try at a time. What waits when the core dies is lost; what
waits at the end of the daemon is delivered within seconds, or counted in the event log.
"""
