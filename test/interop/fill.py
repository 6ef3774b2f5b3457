"""Fills a server with some history of every kind, by kazoo.

Usage: fill.py HOST:PORT ROUND
"""

import sys

from kazoo.client import KazooClient
from kazoo.security import make_digest_acl

hosts, number = sys.argv[1], int(sys.argv[2])
client = KazooClient(hosts=hosts, timeout=10.0)
client.start(timeout=20)
root = "/round-%d" % number
client.create(root, b"data of round %d" % number)
for index in range(100):
    client.create("%s/n-" % root, b"x" * index, sequence=True)
client.create("%s/guarded" % root, b"", acl=[make_digest_acl("u", "p", read=True)])
client.create("%s/gone" % root, b"", ephemeral=True)
for index in range(20):
    client.set(root + "/n-%010d" % index, b"changed %d" % index)
for index in range(20, 30):
    client.delete(root + "/n-%010d" % index)
change = client.transaction()
change.create(root + "/t1", b"1")
change.set_data(root + "/t1", b"2")
change.delete(root + "/n-%010d" % 40)
change.commit()
failing = client.transaction()
failing.create(root + "/t2", b"")
failing.delete(root + "/missing")
failing.commit()
client.stop()
client.close()
