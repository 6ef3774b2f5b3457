/**
 * The keys of TLS and SASL between servers, ZooKeeper's (storage-and-config.md 14,
 * quorum-protocol.md 16 and 17). They apply to the election port and to the quorum port alike.
 */

import { fileKey, key } from './config-key.ts';
import { anyText, lenientBool, lenientInt, oneOf, strictBool } from './parse-rules.ts';
import type { ClientAuth } from './security-keys.ts';

const QUORUM_TLS_KEYS = {
  sslQuorum: fileKey(
    'sslQuorum',
    strictBool(false),
    '',
    'This server speaks TLS to others, and wants it from them, on the quorum and election ports.',
  ),
  portUnification: fileKey(
    'portUnification',
    strictBool(false),
    '',
    'These ports take TLS as well as plain connections: for the time of a change.',
  ),
  sslQuorumReloadCertFiles: fileKey(
    'sslQuorumReloadCertFiles',
    strictBool(false),
    '',
    'Changed files of keys and certificates are read again, for new connections.',
  ),
  quorumKeyStoreLocation: key(
    'ssl.quorum.keyStore.location',
    anyText(''),
    'PEM file',
    'Private key and certificate chain that this server shows to others.',
  ),
  quorumKeyStorePassword: key(
    'ssl.quorum.keyStore.password',
    anyText(''),
    'secret',
    'Of an encrypted key.',
  ),
  quorumKeyStorePasswordPath: key(
    'ssl.quorum.keyStore.passwordPath',
    anyText(''),
    'file',
    'Holds the password, and wins over it.',
  ),
  quorumKeyStoreType: key(
    'ssl.quorum.keyStore.type',
    anyText(''),
    '`PEM`',
    'Other types are refused.',
  ),
  quorumTrustStoreLocation: key(
    'ssl.quorum.trustStore.location',
    anyText(''),
    'PEM file',
    'Authorities that sign certificates of servers.',
  ),
  quorumTrustStoreType: key(
    'ssl.quorum.trustStore.type',
    anyText(''),
    '`PEM`',
    'Other types are refused.',
  ),
  quorumClientAuth: key(
    'ssl.quorum.clientAuth',
    oneOf<ClientAuth>(['none', 'want', 'need'], 'need'),
    '',
    'Whether servers that connect are asked for a certificate, and must have one.',
  ),
  quorumSslProtocol: key(
    'ssl.quorum.protocol',
    anyText(''),
    '',
    '`TLSv1.2`, `TLSv1.3`; default: both.',
  ),
  quorumEnabledProtocols: key(
    'ssl.quorum.enabledProtocols',
    anyText(''),
    'list',
    'Wins over ssl.quorum.protocol.',
  ),
  quorumCipherSuites: key(
    'ssl.quorum.ciphersuites',
    anyText(''),
    'list',
    'Names of cipher suites, as Java or OpenSSL spell them; default: of the runtime.',
  ),
  quorumHostnameVerification: key(
    'ssl.quorum.hostnameVerification',
    lenientBool(true),
    '',
    'The certificate of a server must name the host that it is at; false: of neither side.',
  ),
  quorumClientHostnameVerification: key(
    'ssl.quorum.clientHostnameVerification',
    lenientBool(true),
    '',
    'False: that is not asked of servers that connect.',
  ),
  quorumHandshakeDetection: key(
    'ssl.quorum.handshakeDetectionTimeoutMillis',
    lenientInt(5000),
    'ms',
    'How long a server that connects may be silent before it is cut.',
  ),
} as const;

const QUORUM_SASL_KEYS = {
  quorumEnableSasl: fileKey(
    'quorum.auth.enableSasl',
    strictBool(false),
    '',
    'Servers that connect may authenticate by SASL DIGEST-MD5.',
  ),
  quorumLearnerRequireSasl: fileKey(
    'quorum.auth.learnerRequireSasl',
    strictBool(false),
    '',
    'This server authenticates where it connects; needs the one above.',
  ),
  quorumServerRequireSasl: fileKey(
    'quorum.auth.serverRequireSasl',
    strictBool(false),
    '',
    'Servers that connect must authenticate; needs both above.',
  ),
  quorumLearnerContext: fileKey(
    'quorum.auth.learner.saslLoginContext',
    anyText('QuorumLearner'),
    'name',
    'Section of the JAAS file: the user that this server is.',
  ),
  quorumServerContext: fileKey(
    'quorum.auth.server.saslLoginContext',
    anyText('QuorumServer'),
    'name',
    'Section of the JAAS file: the users that servers may be.',
  ),
} as const;

export const QUORUM_SECURITY_KEYS = { ...QUORUM_TLS_KEYS, ...QUORUM_SASL_KEYS } as const;
