/**
 * SaslLogin: who a client claims to be by SASL DIGEST-MD5, with the digest-uri of every ZooKeeper
 * server (client-protocol.md 13.6). The exchange is the protocol's.
 */

import { type DigestHashes, DigestLogin } from '@zabra/protocol';

const DIGEST_URI = 'zookeeper/zk-sasl-md5';

export class SaslLogin extends DigestLogin {
  constructor(userName: string, password: string, hashes: DigestHashes) {
    super(userName, password, DIGEST_URI, hashes);
  }
}
