"""Requests for reconfiguration of every shape, by kazoo, and what the servers make of them.

Each becomes a line on stdout, `ok NAME: ANSWER`: the new configuration, or the error. The members
are two servers, whose lines of the configuration are given; all others are nowhere. Run by
reconfig-requests.test.ts.

Usage: reconfig_requests.py HOST:PORT LINE-OF-SERVER-1 LINE-OF-SERVER-2
"""

import re
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.protocol.serialization import Reconfig

HOST, S1, S2 = sys.argv[1:]
CLIENT_2 = S2.split(";")[1]
QUORUM_2 = S2.split(":")[1]

# Name, joining, leaving, new members.
OBSERVER_3 = "server.3=127.0.0.1:11003:12003:observer;13003"
ROWS = [
    ("nothing", "", "", None),
    ("joining nothing", "", None, None),
    ("all null", None, None, None),
    ("leaving no number", None, "x", None),
    ("leaving a blank", None, " 9", None),
    ("leaving a list", None, "8,9", None),
    ("leaving a list with a blank", None, "8, 9", None),
    ("leaving one voter alone", None, "2", None),
    ("joining without a client port", "server.3=127.0.0.1:11003:12003:observer", None, None),
    ("joining as observer", OBSERVER_3, None, None),
    ("joining again", OBSERVER_3, None, None),
    (
        "a client port of another, loopback",
        "server.4=127.0.0.1:11004:12004:observer;" + CLIENT_2,
        None,
        None,
    ),
    (
        "a quorum port of another, loopback",
        "server.4=127.0.0.1:%s:12004:observer;13004" % QUORUM_2,
        None,
        None,
    ),
    ("joining at a distance", "server.4=10.9.8.7:11002:12004:observer;10.9.8.7:13004", None, None),
    ("a quorum port of another", "server.5=10.9.8.7:11002:12005:observer;13005", None, None),
    (
        "a client port of another as quorum port",
        "server.5=10.9.8.7:13004:12005:observer;13005",
        None,
        None,
    ),
    (
        "a client port of another",
        "server.5=10.9.8.6:11002:12005:observer;10.9.8.7:13004",
        None,
        None,
    ),
    ("its own ports again", "server.4=10.9.8.7:11002:12004:observer;13009", None, None),
    ("no role and no client port", "server.5=10.9.8.6:11002:12005", None, None),
    ("no value", "server.5", None, None),
    ("two values", "server.5=1:2=3", None, None),
    ("an id that is no number", "server.x=10.9.8.6:11002:12005:observer;13005", None, None),
    ("an id alone", "5=10.9.8.6:11002:12005:observer;13005", None, None),
    ("another word before the id", "foo.6=10.9.8.5:11002:12005:observer;13006", None, None),
    ("blanks", " server.7 = 10.9.8.4:11002:12005:observer;13007", None, None),
    ("a port that is no number", "server.5=10.9.8.6:xx:12005:observer;13005", None, None),
    ("a port that is none", "server.5=10.9.8.6:70000:12005:observer;13005", None, None),
    (
        "one port for quorum and election",
        "server.5=10.9.8.6:12005:12005:observer;13005",
        None,
        None,
    ),
    ("another role", "server.5=10.9.8.6:11002:12005:king;13005", None, None),
    ("a role in capitals", "server.5=10.9.8.6:11002:12005:OBSERVER;13005", None, None),
    ("two client parts", "server.8=10.9.8.8:11002:12005:observer;13005;13006", None, None),
    ("a large id", "server.300=10.9.8.9:11002:12005:observer;13005", None, None),
    (
        "two addresses",
        "server.8=10.9.8.20:11002:12005|10.9.8.21:11002:12005:observer;13005",
        None,
        None,
    ),
    ("an absent voter", "server.8=10.9.8.20:11002:12005:participant;13005", None, None),
    (
        "two more absent voters",
        "server.8=10.9.8.20:11002:12005:participant;13005,"
        "server.9=10.9.8.21:11002:12005:participant;13005",
        None,
        None,
    ),
    ("leaving of all but two", None, "4,5,6,7,8,9,300", None),
    ("no members", None, None, ""),
    ("one member", None, None, S1),
    ("one voter and an observer", None, None, S1 + "," + S2.replace("participant", "observer")),
    ("observers alone", None, None, (S1 + "," + S2).replace("participant", "observer")),
    ("members by commas", None, None, S1 + "," + S2),
    ("members by newlines", None, None, S1 + "\n" + S2),
    ("members without a client port", None, None, S1 + "\n" + S2.split(";")[0]),
    ("members and a version", None, None, S1 + "\n" + S2 + "\nversion=77"),
    ("members and a version that is none", None, None, S1 + "\n" + S2 + "\nversion=zz"),
    ("members and another key", None, None, S1 + "\n" + S2 + "\nfoo=1"),
    ("members and a comment", None, None, "# hello\n" + S1 + "\n" + S2),
    (
        "one member twice",
        None,
        None,
        S1 + "\n" + S2.replace(CLIENT_2, "127.0.0.1:13102") + "\n" + S2,
    ),
    ("a member that cannot be read", None, None, S1 + "\nserver.2=127.0.0.1:11002"),
    ("a member whose id cannot be read", None, None, S1 + "\nserver.x=127.0.0.1:11002:12002"),
    ("absent members", None, None, S1 + "\nserver.8=10.9.8.20:11002:12005:participant;13005"),
    ("groups", None, None, S1 + "\n" + S2 + "\ngroup.1=1:2"),
    ("joining where there are groups", OBSERVER_3, None, None),
    ("a group without everybody", None, None, S1 + "\n" + S2 + "\ngroup.1=1"),
    ("a member of two groups", None, None, S1 + "\n" + S2 + "\ngroup.1=1:2\ngroup.2=1"),
    ("a group that is no number", None, None, S1 + "\n" + S2 + "\ngroup.x=1:2"),
    ("a member that is no number", None, None, S1 + "\n" + S2 + "\ngroup.1=1:z"),
    ("weights", None, None, S1 + "\n" + S2 + "\ngroup.1=1:2\nweight.1=0\nweight.2=1"),
    ("no groups again", None, None, S1 + "\n" + S2),
    ("joining and members", OBSERVER_3, None, S1 + "\n" + S2),
]


def answer_to(client, joining, leaving, members, version):
    result = client.handler.async_result()
    client._call(Reconfig(joining, leaving, members, version), result)
    try:
        data, stat = result.get(timeout=20)
    except KazooException as error:
        return "%s %d" % (type(error).__name__, error.code)
    text = data.decode()
    found = re.search("version=([0-9a-f]+)$", text)
    assert found and int(found.group(1), 16) == stat.mzxid, (text, stat)
    return text[: found.start()].replace("\n", " ")


def main():
    client = KazooClient(HOST, timeout=10, auth_data=[("digest", "super:secret")])
    client.start(timeout=30)
    version = int(client.get("/zookeeper/config")[0].decode().split("version=")[1], 16)
    rows = [row + (-1,) for row in ROWS]
    rows[1:1] = [("another version", None, "9", None, 5)]
    rows[1:1] = [("the present version", None, "9", None, version)]
    rows[0:2] = [rows[1], rows[0]]
    for name, joining, leaving, members, of_version in rows:
        answer = answer_to(client, joining, leaving, members, of_version)
        print("ok %s: %s" % (name, answer), flush=True)
    client.stop()
    stranger = KazooClient(HOST, timeout=10)
    stranger.start(timeout=30)
    for name, joining in (("joining", OBSERVER_3), ("joining wrongly", "some thing")):
        print("ok anybody %s: %s" % (name, answer_to(stranger, joining, None, None, -1)))
    stranger.stop()
    print("ok done")


main()
