"""The sections of a page, a file each; what they share stands in ``parts`` and ``theme``."""
