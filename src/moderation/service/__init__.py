"""The moderation service: HTTP in front of Moderator, nothing decided here."""
