"""Readers of published files, one module a format: nothing in a file is run, unpacked to disk, or believed.

Every ``decode(paths, known, …)`` returns the four arrays, or raises ValueError that names the file and says what is
wrong with it. How much there is to be read is known beforehand, so that no header decides how much memory is taken.
"""
