"""Coarse to fine: a large picture is painted small first, then that is enlarged and painted on.

Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017, "Controlling perceptual factors in neural style transfer"
(arXiv:1611.07865), section 6: a network's receptive fields have a fixed number of pixels, so in a large picture only
small brush strokes would come out; and steps on a small picture are cheap.
"""

COARSEST = 384  # pixels of the longer side that are painted in one go


def coarse_to_fine(shape: tuple[int, int], coarsest: int = COARSEST) -> list[tuple[int, int]]:
    """Return the sizes to paint at, each about twice the one before.

    Parameters
    ----------
    shape : (height, width)
        The last of them.
    coarsest : int
        The first has at most so many pixels on its longer side.

    Examples
    --------
    >>> coarse_to_fine((1024, 768))
    [(256, 192), (512, 384), (1024, 768)]
    """
    if coarsest < 32:
        raise ValueError(f"coarsest must be at least 32 pixels, got {coarsest}")
    halvings = 0
    while max(shape) / 2**halvings > coarsest and min(shape) / 2 ** (halvings + 1) >= 16:
        halvings += 1
    return [(round(shape[0] / 2**k), round(shape[1] / 2**k)) for k in range(halvings, -1, -1)]


def divide_steps(steps: int, sizes: int) -> list[int]:
    """Divide steps over sizes, each about half as many as the one before: finer ones have four times the pixels.

    Parameters
    ----------
    steps : int
        In all.
    sizes : int
        How many sizes there are.

    Examples
    --------
    >>> divide_steps(100, 3)
    [58, 28, 14]
    """
    if steps < sizes:
        raise ValueError(
            f"steps must be at least {sizes}, one for each size from coarse to fine, got {steps}"
        )
    shares = [2 ** (sizes - 1 - k) for k in range(sizes)]
    finer = [max(1, steps * share // sum(shares)) for share in shares[1:]]
    return [steps - sum(finer), *finer]
