"""Week 2: from the classic networks to residual ones. One module a notebook."""
