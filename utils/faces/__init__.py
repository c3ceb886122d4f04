"""Telling people apart by their faces: losses and mining of triplets, verification, a database of encodings."""
