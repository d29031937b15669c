"""Float64 under JAX for every test of this folder, whichever of them run."""

import losses_backend  # noqa: F401
