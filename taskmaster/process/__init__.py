"""The life of one process as a pure state machine: events in, actions out."""
