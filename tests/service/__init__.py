"""The service: every sentence of docs/service.md."""
