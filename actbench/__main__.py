"""``python -m actbench`` is the same program as ``actbench``."""

from actbench.cli import main

if __name__ == "__main__":
    main()
