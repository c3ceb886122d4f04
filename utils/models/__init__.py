"""Keras networks, one file a family. Nothing is imported here, so that one network never costs the start of another."""
