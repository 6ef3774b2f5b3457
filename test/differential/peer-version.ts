/** The versions of Apache ZooKeeper that we are compared with. */

export type PeerVersion = '3.9.5' | '3.8.0';

export const PEER_VERSIONS: readonly PeerVersion[] = ['3.9.5', '3.8.0'];
