"""One expression language: read and typed once, run as Python and as SQL, told in words."""
