"""What daemon and client say to each other: messages, frames and limits. No I/O in here.

Two grammars share one stream connection (DESIGN, section 7):

- at first **messages**: JSON-RPC 2.0, one a line, UTF-8. `frames` cuts the lines and knows the size
  limit, `messages` knows what they mean;
- after a successful `attach` **frames**: one byte of type, four of length (big-endian), payload.

The first line the daemon sends is a `Hello`. The package imports nothing else of ``taskmaster``:
it is all of the daemon that a client loads, and it must stay cheap to import.
"""
