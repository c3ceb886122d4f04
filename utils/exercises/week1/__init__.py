"""Week 1: convolution by hand. One module a notebook."""
