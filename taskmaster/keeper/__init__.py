"""The parent of every process, and the core's end of the talk with it."""
