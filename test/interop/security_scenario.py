"""What kazoo does against servers that ask who it is, run by security.test.ts.

Lines on stdout are facts (`ok NAME`). Any failure ends the process with a traceback and status 1.

Usage: security_scenario.py HOST:PORT[,HOST:PORT...] CA.pem ALICE.pem BOB.pem
"""

import sys

from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError, NoAuthError
from kazoo.security import make_acl

HOSTS, CA, ALICE, BOB = sys.argv[1:5]


def say(name):
    print("ok", name, flush=True)


def client(**options):
    made = KazooClient(hosts=HOSTS, timeout=10.0, **options)
    made.start(timeout=20)
    return made


def by_sasl(name, password):
    options = {"mechanism": "DIGEST-MD5", "username": name, "password": password}
    return client(sasl_options=options)


def by_certificate(pem):
    return client(use_ssl=True, ca=CA, certfile=pem, keyfile=pem)


def refuses(error, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except error:
        return
    raise AssertionError("expected " + error.__name__)


def end(*clients):
    for one in clients:
        one.stop()
        one.close()


def sasl():
    bob = by_sasl("bob", "bobsecret")
    eve = by_sasl("eve", "evesecret")
    nobody = client()
    bob.create("/kazoo-sasl", b"x", acl=[make_acl("sasl", "bob", all=True)])
    assert bob.get("/kazoo-sasl")[0] == b"x"
    assert bob.set("/kazoo-sasl", b"y").version == 1
    refuses(NoAuthError, eve.get, "/kazoo-sasl")
    refuses(NoAuthError, nobody.get, "/kazoo-sasl")
    refuses(AuthFailedError, lambda: by_sasl("bob", "wrong").get("/"))
    bob.create("/kazoo-auth", b"", acl=[make_acl("auth", "", all=True)])
    acls, _ = bob.get_acls("/kazoo-auth")
    assert [(acl.id.scheme, acl.id.id) for acl in acls] == [("sasl", "bob")], acls
    bob.delete("/kazoo-sasl")
    bob.delete("/kazoo-auth")
    end(bob, eve, nobody)
    say("SASL DIGEST-MD5 and its ACLs")


def certificates():
    alice = by_certificate(ALICE)
    bob = by_certificate(BOB)
    alice.create("/kazoo-x509", b"x", acl=[make_acl("auth", "", all=True)])
    acls, _ = alice.get_acls("/kazoo-x509")
    assert acls[0].id.scheme == "x509", acls
    assert alice.get("/kazoo-x509")[0] == b"x"
    refuses(NoAuthError, bob.get, "/kazoo-x509")
    big = b"z" * 900_000
    alice.set("/kazoo-x509", big)
    assert alice.get("/kazoo-x509")[0] == big
    alice.delete("/kazoo-x509")
    end(alice, bob)
    say("TLS, and ACLs by certificate")


def main():
    sasl()
    certificates()
    say("done")


main()
