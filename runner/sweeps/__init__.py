"""Many runs: what they share, what is done already, and how the whole ends. Hydra decides which jobs there are."""
