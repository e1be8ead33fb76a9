"""What a request can do: one file an operation, each with `parse`, `plan` and `execute`.

`parse(incoming, grant, runtime) → Call`: the text of the request becomes typed values.
`plan(call, grant, runtime) → Plan`: everything that can be decided without the database.
`execute(plan, runtime) → Result`: one transaction.
`ACTION` names the right that an operation asks for.
"""
