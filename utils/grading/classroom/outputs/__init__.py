"""What a teacher and the students get from grading: tables, a gradebook, pages; all of it derived from the results."""
