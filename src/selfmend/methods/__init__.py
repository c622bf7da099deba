"""The methods, one file or folder each; `registry` is the table of them."""
