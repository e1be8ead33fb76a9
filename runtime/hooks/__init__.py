"""Outgoing webhooks: other systems are told what happens here, by what their owner may read.

    change → outbox row → relay: a delivery for each subscription → worker: read, sign, post

A change pays nothing for being told. What is told is read when it is sent, by the rights that the
subscription's owner has at that moment, and sent at least once under one id.
"""
