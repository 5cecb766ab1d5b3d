"""Money as integers of 1/10,000."""


def units(amount: str) -> int:
    """A decimal string with up to 4 decimals, as decoding lets through, in 1/10,000: `"-1.5"` is -15000."""
    whole, _, decimals = amount.partition(".")
    return int(whole + decimals.ljust(4, "0"))
