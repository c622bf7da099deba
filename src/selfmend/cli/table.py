"""Tables for people, on standard output."""

from __future__ import annotations


def print_table(header: list[str], rows: list[list[str]], *, numbers: bool = False) -> None:
    """Columns as wide as their content; with `numbers`, all but the first stand to the right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for place, title in enumerate(header):
        table.add_column(title, justify="right" if numbers and place else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
