"""What is asked for: a study, its file, and what an article printed and claimed."""
