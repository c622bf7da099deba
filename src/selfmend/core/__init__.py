"""The glossary, the errors, the randomness and the progress events: what every room speaks."""
