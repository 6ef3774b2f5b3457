"""Writes a zoo.cfg whose Java keystores have become PEM files, which is what our server reads.

Usage: pem_configuration.py ZOO.CFG NEW.CFG

Nothing else of the configuration changes. The keystores are those that kazoo's test harness makes,
and are read by the package that it makes them with.
"""

import base64
import sys
import textwrap

import jks


def pem(kind, der):
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode("ascii"), 64))
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (kind, body, kind)


def text_of(store):
    text = ""
    for entry in store.private_keys.values():
        text += pem("PRIVATE KEY", entry.pkey_pkcs8)
        for _, certificate in entry.cert_chain:
            text += pem("CERTIFICATE", certificate)
    for entry in store.certs.values():
        text += pem("CERTIFICATE", entry.cert)
    return text


def main(source, target):
    with open(source) as lines:
        settings = [line.rstrip("\n").split("=", 1) for line in lines]
    values = {pair[0]: pair[1] for pair in settings if len(pair) == 2}
    with open(target, "w") as out:
        for pair in settings:
            key = pair[0]
            if key.endswith("Store.password"):
                continue
            if key.endswith("Store.location"):
                password = values[key.replace(".location", ".password")]
                pair[1] = pair[1].replace(".jks", ".pem")
                with open(pair[1], "w") as store:
                    store.write(text_of(jks.KeyStore.load(values[key], password)))
            out.write("=".join(pair) + "\n")


main(*sys.argv[1:])
