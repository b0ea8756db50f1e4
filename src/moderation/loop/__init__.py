"""The loop: verdicts that are kept, corrections, retraining, comparing, and which model serves."""
