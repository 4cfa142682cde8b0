"""A fair question first: at which learning rate is each activation at its best? What is tried, and what is chosen."""
