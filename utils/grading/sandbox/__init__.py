"""The box in which code of people whom nobody knows is run, and what the grader holds of it."""
