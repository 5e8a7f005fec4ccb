"""HTTP: supervisord's XML-RPC at ``/RPC2``, its log tails, health; a path for whoever needs one.

It is off unless the config has `http:`, and apart from the control socket: listeners of its own
with modes, passwords and a read-only switch of their own (`config.httplistening`).

- `parsing` is the protocol, pure; `passwords` whether a client may come in; `routes` what there is.
- `sockets` and `doors` listen, have the keeper hold what listens, and follow a reload;
  `connection` serves one client within limits of size and time.
- `xmlcalls` reads calls and writes answers, pure; `faults` are supervisord's; `namespecs` its names
  for processes; `processinfo` and `configinfo` what it tells of them.
- `methods` is the table of its methods, `interface` and `orders` do what they ask for, `logtexts`
  reads logs for them, `rpc` answers a request, `logtail` follows a log, `health` is for probes.

Nothing here decides how a process lives: that is `supervisor`, by way of the driver, as for every
client; nor how groups come and go, which is `taskmaster.candidate`.
"""
