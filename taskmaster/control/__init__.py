"""The control socket: requests of clients, and terminals carried to them."""
