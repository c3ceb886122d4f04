"""Week 2's answer key. One module a notebook."""
