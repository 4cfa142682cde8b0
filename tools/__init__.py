"""What maintainers run: programs that write committed pages and pictures anew. No part of the product."""


def renewed(page: str, name: str, content: str) -> str:
    """A page with what stands between the markers of that name replaced. Raises ValueError where it has no markers."""
    first, last = f"<!-- {name}: begin (generated) -->", f"<!-- {name}: end -->"
    before, begin, rest = page.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"The page lacks the lines {first!r} and {last!r}.")
    return f"{before}{first}\n{content}\n{last}{after}"
