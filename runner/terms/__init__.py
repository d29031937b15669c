"""What several rooms speak of: findings of checks, promises of a threshold, costs of decisions."""
