"""A client of the federation's protocol, written from docs/PROTOCOL*.md alone.

It shares no code with the nodes, so that what both agree on is what the documents say. Needs Python
3.11 and the package `cryptography` (Debian: python3-cryptography), nothing else.
"""
