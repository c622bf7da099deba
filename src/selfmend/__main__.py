"""`python -m selfmend`: the command line, where the console script is not on the path."""

from selfmend.cli import main

main()
