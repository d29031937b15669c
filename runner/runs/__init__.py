"""What a run is, without MLflow: its folder, names, fingerprint, process, outcome."""
