"""Week 4, lesson 7, variational autoencoder: what is right, and what people get wrong."""

from collections.abc import Iterator

import numpy as np
from scipy.special import xlogy
from scipy.stats import norm

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case

# Gauss and Hermite's rule of n points integrates polynomials up to degree 2n − 1 without error.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)


def sample_latent_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give narrow, wide and standard distributions, one latent number and many, and a draw of zero."""
    for batch, d in ((3, 2), (5, 1)):
        yield _draw_case("mean and spread", rng, batch, d)
    for batch, d in ((1, 4), (6, 3)):
        yield _draw_case("other shapes", rng, batch, d)
    zeros = {name: np.zeros((2, 3), np.float32) for name in ("z_log_var", "epsilon")}
    # The mean itself at ε = 0, and ε itself for the standard normal distribution.
    yield Case("special values", zeros | {"z_mean": _normal(rng, 2, 3), "z_log_var": _normal(rng, 2, 3)})
    yield Case(
        "special values", zeros | {"z_mean": np.zeros((2, 3), np.float32), "epsilon": _normal(rng, 2, 3)}
    )


def _draw_case(group: str, rng: np.random.Generator, batch: int, d: int) -> Case:
    arrays = {name: _normal(rng, batch, d) for name in ("z_mean", "z_log_var", "epsilon")}
    return Case(group, arrays)


def _normal(rng: np.random.Generator, batch: int, d: int) -> np.ndarray:
    return (1.5 * rng.normal(size=(batch, d))).astype(np.float32)


def sample_latent_oracle(z_mean, z_log_var, epsilon):
    """Return the value of N(μ, σ²) that has the same share of the distribution below it as ε has of N(0, 1)."""
    spread = np.sqrt(np.exp(np.asarray(z_log_var, np.float64)))
    return norm.ppf(
        norm.cdf(np.asarray(epsilon, np.float64)), loc=np.asarray(z_mean, np.float64), scale=spread
    )


SAMPLE_LATENT_MISTAKES = (
    Mistake(
        "half left out",
        "exp(log σ²) is the variance σ². A draw is stretched by the standard deviation σ, its root: that is "
        "what the ½ is for.",
        lambda z_mean, z_log_var, epsilon: z_mean + np.exp(z_log_var) * epsilon,
    ),
    Mistake(
        "logarithm taken for the variance",
        "You take the root of z_log_var, which is a logarithm and may be negative. Undo the logarithm first.",
        lambda z_mean, z_log_var, epsilon: z_mean + np.sqrt(z_log_var) * epsilon,
    ),
    Mistake(
        "logarithm taken for the standard deviation",
        "You multiply by z_log_var as it is. It is the logarithm of a variance: exp(½ · z_log_var) is the "
        "standard deviation.",
        lambda z_mean, z_log_var, epsilon: z_mean + z_log_var * epsilon,
    ),
    Mistake(
        "exp missing",
        "½ · log σ² is the logarithm of σ. One step is missing between it and σ.",
        lambda z_mean, z_log_var, epsilon: z_mean + 0.5 * z_log_var * epsilon,
    ),
    Mistake(
        "no draw",
        "Your result does not depend on ε. Without the draw this is a plain autoencoder.",
        lambda z_mean, z_log_var, epsilon: z_mean + 0 * epsilon,
    ),
    Mistake(
        "spread and mean exchanged",
        "ε stretches the wrong one: the mean is where the cloud lies, the standard deviation how wide it is.",
        lambda z_mean, z_log_var, epsilon: np.exp(0.5 * z_log_var) + z_mean * epsilon,
    ),
    Mistake(
        "draw added",
        "You add ε and σ. ε has spread 1; to give it the spread σ, multiply.",
        lambda z_mean, z_log_var, epsilon: z_mean + np.exp(0.5 * z_log_var) + epsilon,
    ),
    Mistake(
        "mean subtracted",
        "The cloud lies around −μ in your version. The sign of μ stays.",
        lambda z_mean, z_log_var, epsilon: np.exp(0.5 * z_log_var) * epsilon - z_mean,
    ),
    Mistake(
        "divided by the spread",
        "Yours shrinks where σ is large. exp(−½ · log σ²) is 1 / σ: look at the sign.",
        lambda z_mean, z_log_var, epsilon: z_mean + np.exp(-0.5 * z_log_var) * epsilon,
    ),
)


def kl_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give moved, narrow and wide distributions, several sizes, and the standard one, whose divergence is 0."""
    for batch, d in ((3, 2), (4, 5)):
        yield Case("moved, narrow and wide", _distributions(rng, batch, d))
    for batch, d in ((1, 1), (7, 3)):
        yield Case("other shapes", _distributions(rng, batch, d))
    moved = _distributions(rng, 2, 3)
    yield Case("only moved, only stretched", {**moved, "z_log_var": np.zeros((2, 3), np.float32)})
    yield Case("only moved, only stretched", {**moved, "z_mean": np.zeros((2, 3), np.float32)})


def _distributions(rng: np.random.Generator, batch: int, d: int) -> dict[str, np.ndarray]:
    return {"z_mean": _normal(rng, batch, d), "z_log_var": _normal(rng, batch, d)}


def kl_loss_oracle(z_mean, z_log_var):
    """Return the mean of log q(z) − log p(z) under q, integrated by Gauss and Hermite's rule."""
    mean, log_var = (np.asarray(part, np.float64)[..., None] for part in (z_mean, z_log_var))
    spread = np.exp(log_var / 2)
    z = mean + spread * _NODES
    each = (norm.logpdf(z, mean, spread) - norm.logpdf(z)) @ _WEIGHTS / _WEIGHTS.sum()
    return each.sum(axis=1).mean()


def _kl(sign=-0.5, one=1.0, log=lambda v: v, mean=np.square, variance=np.exp, combine=None):
    """Return a `kl_loss` with one of its parts exchanged."""
    combine = combine or (lambda each: each.sum(axis=-1).mean())
    return lambda z_mean, z_log_var: combine(
        sign * (one + log(z_log_var) - mean(z_mean) - variance(z_log_var))
    )


KL_LOSS_MISTAKES = (
    Mistake(
        "sign turned",
        "Your divergence is negative. It is 0 where the distributions agree and grows from there; minimising "
        "yours would drive the codes apart.",
        _kl(sign=0.5),
    ),
    Mistake("half left out", "Yours is twice the divergence: the ½ in front is missing.", _kl(sign=-1.0)),
    Mistake(
        "one left out",
        "For μ = 0 and σ = 1 the divergence must be 0. Yours is not: the 1 in the sum is missing.",
        _kl(one=0.0),
    ),
    Mistake(
        "mean not squared",
        "μ comes in as it is, so a code moved to the left is rewarded. It counts squared.",
        _kl(mean=lambda m: m),
    ),
    Mistake(
        "logarithm taken for the variance",
        "The last part should be σ², and you subtract z_log_var, its logarithm. Undo the logarithm.",
        _kl(variance=lambda v: v),
    ),
    Mistake(
        "variance taken for its logarithm",
        "z_log_var is a logarithm already, and you take the logarithm of it again. That is NaN where it is "
        "negative.",
        _kl(log=np.log, variance=lambda v: v),
    ),
    Mistake(
        "standard deviation for the variance",
        "exp(½ · log σ²) is σ. The divergence wants σ².",
        _kl(variance=lambda v: np.exp(v / 2)),
    ),
    Mistake(
        "mean over the latent numbers",
        "Latent numbers are summed: each has to be close to its own standard normal distribution. Only the "
        "batch is averaged.",
        _kl(combine=lambda each: each.mean()),
    ),
    Mistake(
        "sum over the batch",
        "Your loss grows with the batch. Pictures are averaged; the latent numbers of one picture are summed.",
        _kl(combine=lambda each: each.sum()),
    ),
    Mistake(
        "axes exchanged",
        "You sum over the pictures and average over the latent numbers. It is the other way round: axis 0 is "
        "the batch.",
        _kl(combine=lambda each: each.sum(axis=0).mean()),
    ),
    Mistake(
        "no average",
        "You return one number a picture. The loss is their mean, one number.",
        _kl(combine=lambda each: each.sum(axis=-1)),
    ),
)


def vae_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give black and white and grey pictures, several sizes, and decoders that are certain and right."""
    for batch, side, d in ((3, 4, 2), (2, 5, 3)):
        yield _loss_case("black and white pictures", rng, batch, (side, side), d, grey=False)
    for batch, d in ((4, 2), (1, 1)):
        yield _loss_case("grey pictures, other sizes", rng, batch, (3, 6), d, grey=True)
    certain = _loss_case("certain decoders", rng, 2, (4, 4), 2, grey=False)
    x = certain.arrays["x"]
    yield Case("certain decoders", {**certain.arrays, "probabilities": x.copy()})
    yield Case("certain decoders", {**certain.arrays, "probabilities": np.clip(x, 0.001, 0.999)})


def _loss_case(
    group: str, rng: np.random.Generator, batch: int, shape: tuple[int, int], d: int, *, grey: bool
) -> Case:
    x = rng.random((batch, *shape))
    x = x if grey else np.round(x)
    probabilities = rng.uniform(0.05, 0.95, (batch, *shape))
    arrays = {"x": x.astype(np.float32), "probabilities": probabilities.astype(np.float32)}
    return Case(group, {**arrays, **_distributions(rng, batch, d)})


def _cross_entropy(x, probabilities) -> np.ndarray:
    """Return the binary cross-entropy of each pixel; 0 · log 0 is 0."""
    x, p = np.asarray(x, np.float64), np.asarray(probabilities, np.float64)
    return -(xlogy(x, p) + xlogy(1 - x, 1 - p))


def vae_loss_oracle(x, probabilities, z_mean, z_log_var):
    """Return SciPy's cross-entropy plus the integrated divergence."""
    pixels = _cross_entropy(x, probabilities).reshape(len(x), -1)
    return pixels.sum(axis=1).mean() + kl_loss_oracle(z_mean, z_log_var)


def _loss(pixels=_cross_entropy, kl=kl_loss_oracle, weight=1.0, combine=None):
    """Return a `vae_loss` with one of its parts exchanged."""
    combine = combine or (lambda each: each.sum(axis=1).mean())
    return lambda x, probabilities, z_mean, z_log_var: (
        combine(pixels(x, probabilities).reshape(len(x), -1)) + weight * kl(z_mean, z_log_var)
    )


VAE_LOSS_MISTAKES = (
    Mistake(
        "mean over the pixels",
        "You average over the pixels. Then 16 or 784 of them weigh no more than one, and the KL divergence, "
        "a sum, wins: all codes fall together. Sum over the pixels.",
        _loss(combine=np.mean),
    ),
    Mistake(
        "sum over the batch",
        "Your reconstruction loss grows with the batch. Sum over the pixels of a picture, then take the mean "
        "of the pictures.",
        _loss(combine=np.sum),
    ),
    Mistake(
        "divergence subtracted",
        "Both parts are losses: you subtract the divergence, so codes far from the standard normal "
        "distribution are rewarded.",
        _loss(weight=-1.0),
    ),
    Mistake(
        "reconstruction alone",
        "The KL divergence is missing. What is left is the loss of a plain autoencoder.",
        _loss(weight=0.0),
    ),
    Mistake(
        "divergence alone",
        "The reconstruction is missing: the network could forget the pictures and pay nothing.",
        _loss(pixels=lambda x, p: 0 * _cross_entropy(x, p)),
    ),
    Mistake(
        "squared error",
        "You sum squared differences. The decoder gives probabilities of white: binary cross-entropy is "
        "asked for.",
        _loss(pixels=lambda x, p: np.square(np.asarray(x, np.float64) - p)),
    ),
    Mistake(
        "black pixels left out",
        "Only −x·log p is there. A pixel that should be black, x = 0, then costs nothing, whatever the "
        "decoder says.",
        _loss(pixels=lambda x, p: -xlogy(np.asarray(x, np.float64), np.asarray(p, np.float64))),
    ),
    Mistake(
        "sign of the reconstruction turned",
        "Your reconstruction loss is negative: logarithms of probabilities are. The minus signs are missing.",
        _loss(pixels=lambda x, p: -_cross_entropy(x, p)),
    ),
    Mistake(
        "pictures exchanged",
        "You take the logarithm of x and weigh it with the decoder's probabilities. It is the other way "
        "round.",
        _loss(
            pixels=lambda x, p: _cross_entropy(
                np.asarray(p), np.clip(np.asarray(x, np.float64), 1e-7, 1 - 1e-7)
            )
        ),
    ),
    Mistake(
        "divergence averaged over the latent numbers",
        "The reconstruction is right. In the divergence, latent numbers are summed, not averaged.",
        _loss(kl=_kl(combine=lambda each: each.mean())),
    ),
)

ANSWERS = {
    "sample_latent": Answer(sample_latent_cases, sample_latent_oracle, mistakes=SAMPLE_LATENT_MISTAKES),
    "kl_loss": Answer(kl_loss_cases, kl_loss_oracle, mistakes=KL_LOSS_MISTAKES),
    "vae_loss": Answer(vae_loss_cases, vae_loss_oracle, mistakes=VAE_LOSS_MISTAKES, rtol=1e-4, atol=1e-3),
}
