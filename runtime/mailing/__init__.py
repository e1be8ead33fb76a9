"""E-mail to people: what they asked to be told, at once or once a day, in their language.

A notice is a row first (`runtime.notifications`); that somebody wants it by e-mail is an event in
the same transaction. The relay makes a run of it, a worker sends it. No notice is sent twice but
where a worker dies between the server's yes and its own commit; then both carry the same
`Message-ID`.
"""
