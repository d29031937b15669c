"""The fused launcher: the jobs of a sweep, grouped into stacks that train together."""
