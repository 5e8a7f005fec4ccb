"""What verifies the certificates of servers that messages are delivered to."""

import ssl

from taskmaster.alerts.failures import DeliveryFailed, why


def context_for(ca_file: str) -> ssl.SSLContext:
    """Return what verifies certificates: by that file, or with "" as the system does.

    Raises:
        DeliveryFailed: the file cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ValueError) as exc:
        raise DeliveryFailed(f"{ca_file or 'certificates'}: {why(exc)}") from None
