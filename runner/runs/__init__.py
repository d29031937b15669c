"""What a run is, without MLflow: its folder, names, summary, fingerprint, process and outcome."""
