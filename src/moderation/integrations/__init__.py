"""The moderator inside other people's pipelines, one file a library. See docs/integrations.md."""
