"""Private halves of week 3's exercises, one module a notebook."""
