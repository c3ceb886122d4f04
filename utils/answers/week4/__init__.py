"""Private halves of week 4's exercises, one module a notebook."""
