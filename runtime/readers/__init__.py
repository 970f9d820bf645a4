"""Reading what comes from outside: one reader for each form, which gives plain data or says why not.

A reader raises `Unreadable` and nothing else, whatever bytes it gets; its caller says which input that was.
"""
