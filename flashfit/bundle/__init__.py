"""The folder handed to firmware."""
