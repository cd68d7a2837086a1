"""The command line: one file per verb; prints, and nothing else prints."""
