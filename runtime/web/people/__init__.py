"""People of the back office: their accounts, roles and groups, and where they are signed in."""
