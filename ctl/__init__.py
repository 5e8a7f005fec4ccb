"""The client: one-shot commands, the control shell and attach.

It shares ``taskmaster.protocol`` with the daemon and imports nothing else of it. One-shot commands
and `attach` import neither asyncio nor prompt_toolkit, so that they feel instant; prompt_toolkit
lives in ``shell`` and ``completion``.
"""
