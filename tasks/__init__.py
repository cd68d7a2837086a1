"""What runs: one file per stage of dvc.yaml, and the effects on the world around them."""
