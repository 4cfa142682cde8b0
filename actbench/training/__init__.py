"""One run, from the first weight to the last evaluation: build, compile, train. Touches no file."""
