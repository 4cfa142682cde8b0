"""What runs leave behind: the columns, the two raw tables, and the files that hold them."""
