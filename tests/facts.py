"""What an error must say: the names, values and limits in it, not the sentence around them."""

import re


def mentions(*facts: str) -> str:
    """A pattern, for `match=` of pytest, of a message that has all of these in it as whole words, in any order."""
    return "(?s)" + "".join(rf"(?=.*(?<![\w]){re.escape(fact)}(?![\w]))" for fact in facts)
