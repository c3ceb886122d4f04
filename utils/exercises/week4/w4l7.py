"""Week 4, lesson 7, variational autoencoder: what is asked. The answers stand elsewhere."""

from utils.exercises.entry import Exercise

EXERCISES = (
    Exercise(
        notebook="w4l7",
        function="sample_latent",
        signature="(z_mean, z_log_var, epsilon)",
        points=1,
        task="Turn draws from the standard normal distribution into draws with the given means and variances.",
        hints=(
            "A draw from N(μ, σ²) is μ + σ·ε. What you are given is log σ², not σ.",
            "exp undoes the logarithm: exp(log σ²) is σ². The half in exp(½ · log σ²) takes the root.",
            "`keras.ops.exp` works on tensors, also inside a training step.",
        ),
        answered_by=("utils.models.autoencoder.sample_latent",),
    ),
    Exercise(
        notebook="w4l7",
        function="kl_loss",
        signature="(z_mean, z_log_var)",
        points=1,
        task="Return the KL divergence of N(μ, σ²) from N(0, 1), summed over latent numbers, averaged over the batch.",
        hints=(
            "One number a pair first: −½ (1 + log σ² − μ² − σ²), an array (batch, d). σ² is exp(log σ²).",
            "Then one number a picture: the sum along the last axis.",
            "Then one number: `ops.mean` over the pictures.",
        ),
        answered_by=("utils.models.autoencoder.kl_divergence", "keras.losses.KLDivergence"),
    ),
    Exercise(
        notebook="w4l7",
        function="vae_loss",
        signature="(x, probabilities, z_mean, z_log_var)",
        points=1,
        task="Return reconstruction loss (summed over pixels) plus KL divergence, averaged over the batch.",
        hints=(
            "Binary cross-entropy of one pixel: −x·log p − (1 − x)·log(1 − p). With `ops.clip` p stays off 0 "
            "and 1, whose logarithms are infinite.",
            "Sum it over height and width, `axis=(1, 2)`, and take the mean over the batch.",
            "Add what exercise 2 computes. The cell above this one holds it as `kl_divergence`.",
        ),
        answered_by=(
            "utils.models.autoencoder.vae_loss",
            "utils.models.autoencoder.reconstruction_loss",
        ),
    ),
)
