"""One script per claim; the figures lie in results/. Run: python -m pytest benchmarks; python -m benchmarks.stages."""
