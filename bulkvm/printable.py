"""Text of others, made harmless to a terminal."""


def printable(text: str) -> str:
    """Replace what would steer a terminal instead of showing on it."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
