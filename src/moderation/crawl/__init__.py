"""Cleans a whole crawl: plan, shards, manifest, workers. See docs/scale.md."""
