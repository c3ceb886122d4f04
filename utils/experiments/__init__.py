"""Runs that are too long for a lesson: one command each, resumable, with a log that notebooks draw."""
