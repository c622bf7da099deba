"""The one rule of how a multiplier changes a network's channels."""


def scaled(channels: int, width: float) -> int:
    """`channels` times `width` as a multiple of 4, at least 4; a width of 1 changes nothing.

    Example:
        >>> scaled(64, 0.25), scaled(64, 0.01), scaled(4000, 1.0)
        (16, 4, 4000)
    """
    return max(4, round(channels * width / 4) * 4)
