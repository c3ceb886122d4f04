"""Week 1's answer key. One module a notebook."""
