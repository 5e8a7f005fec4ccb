"""Event listeners as supervisord has them: programs that are told what happens, on pipes.

A program with ``events:`` is a listener. All its processes are a **pool**: an event goes to one of
them that is ready, and waits in the pool's buffer while none is.

- *pure*: ``kinds`` (which events there are, and who subscribed to what), ``talk`` (what one
  listener may say and when), ``exchange`` (all pools: what waits, who gets it), ``payloads`` (what
  happened, in supervisord's words), ``access`` (where a child finds our HTTP server);
- *thin*: ``service`` (takes what happens in the daemon, ticks, and writes to and reads from
  listeners) and, beneath it, ``pty_mux.pipes``.

What a listener has said counts from when the core has read it, and is saved then (`memory`), so the
next core knows who is ready: a listener that waits says so only once. The buffers go to the next
core at an upgrade; if a core dies they are lost with it, and serials begin anew, as after a restart
of supervisord. An event that happened while there was no core was seen by nobody.
"""
