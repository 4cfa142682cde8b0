"""What people look at: tables in several formats, and the progress of a sweep."""
