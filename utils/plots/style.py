"""The look of the course's figures: one call at the top of each notebook."""

import matplotlib as mpl

# Okabe and Ito's palette: eight colours that colour-blind readers tell apart.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")


def course_style(photographs: bool = False) -> None:
    """Set figure size, fonts, colours and the format in which a notebook keeps its figures.

    Parameters
    ----------
    photographs : bool
        True for notebooks that mostly show photographs: JPEG of quality 85, a tenth of the size of PNG. Lines and small
        pixel pictures stay crisp as PNG, the default.
    """
    mpl.rcParams.update(
        {
            "figure.dpi": 100,
            "figure.figsize": (7, 3.5),
            "figure.constrained_layout.use": True,
            "axes.prop_cycle": mpl.cycler(color=PALETTE),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 11,
            "axes.labelsize": 10,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
            "legend.frameon": False,
        }
    )
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # outside a notebook there is nothing to set
        return
    if photographs:
        set_matplotlib_formats("jpeg", pil_kwargs={"quality": 85, "optimize": True, "progressive": True})
    else:
        set_matplotlib_formats("png")
