"""The console: the officer's screen, in a process of its own that reads a node's frames and serves a page.

It opens no file of the node and can neither hold it up nor change it. `peer` reads frames, `situation` makes
read models of them for an area, `stream` sends their changes, `app` serves them with `static/`.
"""
