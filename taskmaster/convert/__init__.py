"""Configs of others to one of ours: read as they read theirs, written as YAML; and a first config.

Of supervisord (as version 4 reads it):

- ``ini`` opens the file and what it includes, and keeps the line of every option;
- ``findings`` gathers what supervisord refuses and what has no counterpart here;
- ``expansions`` are ``%(...)s``: what can wait stays one, the rest is filled in;
- ``values`` are single values, each accepted and refused as supervisord does;
- ``section`` reads the options of one section, ``programs`` and ``settings`` know which there are;
- ``conversion`` puts it all together.

Of foreman and honcho it is ``procfile``, of docker compose ``compose`` with ``interpolation`` and
``order``; ``dotenv`` reads the variables beside either. ``kinds`` says whose a file is,
``yamltext`` writes, ``starter`` is the first config, and ``__main__`` is the command.

What depends on the machine is not refused, though supervisord would: that a user or a folder exists
is asked of the machine on which the daemon will run, and there `taskmasterd -t` says so.

The client runs it in an interpreter of its own (``taskmasterctl init``): it loads no part of this.
"""
