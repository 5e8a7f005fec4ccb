"""From a YAML file to values, with every error told at once and in its place."""
