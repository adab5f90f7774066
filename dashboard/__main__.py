"""``python -m mentionstudy.dashboard`` and the ``mentionstudy`` command."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from mentionstudy.dashboard.cli import cli

    cli(prog_name="mentionstudy")


if __name__ == "__main__":
    main()
