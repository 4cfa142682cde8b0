"""What maintainers run: programs that write committed pages and pictures anew. No part of the product."""
