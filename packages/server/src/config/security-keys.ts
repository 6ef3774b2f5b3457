/**
 * The keys of authentication and of TLS for clients, ZooKeeper's (storage-and-config.md 14). Those
 * for connections between servers are in `quorum-security-keys.ts`.
 */

import { fileKey, key, propertyKey } from './config-key.ts';
import { digestAlgorithm } from './digest-algorithms.ts';
import { anyText, lenientBool, lenientInt, oneOf, strictInt } from './parse-rules.ts';

export type ClientAuth = 'none' | 'want' | 'need';

const SCHEME_KEYS = {
  digestSchemeEnabled: key(
    'DigestAuthenticationProvider.enabled',
    lenientBool(true),
    '',
    'False: there is no scheme `digest`, unless `authProvider` names its class.',
  ),
  digestAlgorithm: key(
    'DigestAuthenticationProvider.digestAlg',
    digestAlgorithm(),
    'hash',
    'Hash of scheme `digest`, by its Java name; the same on every server, since ACLs hold it.',
  ),
  ensembleAuthName: key(
    'ensembleAuthName',
    anyText(''),
    'list',
    'Names of this ensemble, for clients that ask by the scheme `ensemble`.',
  ),
} as const;

const SASL_KEYS = {
  jaasFile: propertyKey(
    'java.security.auth.login.config',
    anyText(''),
    'file',
    'JAAS file with the section of this server: the users of SASL DIGEST-MD5.',
  ),
  saslServerConfig: key('sasl.serverconfig', anyText('Server'), 'name', 'Section of that file.'),
  authProviders: key(
    'authProvider',
    anyText(''),
    'class',
    '`authProvider.1` and so on: class names; those of SASL and of `ensemble` add these schemes.',
  ),
  saslSuperUser: key(
    'superUser',
    anyText(''),
    'name',
    'A SASL user who is super; `superUser.1` and so on are more of them.',
  ),
  saslSuperPassword: key(
    'SASLAuthenticationProvider.superPassword',
    anyText(''),
    'secret',
    'Password of the SASL user `super`, in place of the one in the JAAS file.',
  ),
  letAnySaslUserDoX: key(
    'letAnySaslUserDoX',
    anyText(''),
    'id',
    'An ACL entry `sasl` with this id means every SASL user.',
  ),
  allowSaslFailedClients: key(
    'allowSaslFailedClients',
    lenientBool(false),
    '',
    'A client whose SASL login failed may go on without it.',
  ),
  sessionRequireClientSaslAuth: key(
    'sessionRequireClientSASLAuth',
    lenientBool(false),
    '',
    'Clients must log in by SASL before anything else.',
  ),
  enforceAuthEnabled: key(
    'enforce.auth.enabled',
    lenientBool(false),
    '',
    'Clients must authenticate by one of the schemes below before anything else.',
  ),
  enforceAuthSchemes: key('enforce.auth.schemes', anyText(''), 'list', 'Schemes that suffice.'),
  fipsMode: key(
    'fips-mode',
    lenientBool(false),
    '',
    'True does not start with users of DIGEST-MD5.',
  ),
} as const;

const TLS_KEYS = {
  secureClientPort: fileKey(
    'secureClientPort',
    strictInt(-1),
    'port',
    'Port for clients over TLS; 0 is any free one.',
  ),
  secureClientPortAddress: fileKey(
    'secureClientPortAddress',
    anyText(''),
    'host',
    'Address of that port.',
  ),
  clientPortUnification: key(
    'client.portUnification',
    lenientBool(false),
    '',
    'The client port takes TLS as well as plain connections.',
  ),
  clientCertReload: key(
    'client.certReload',
    lenientBool(false),
    '',
    'Changed files of keys and certificates are read again, for new connections.',
  ),
  keyStoreLocation: key(
    'ssl.keyStore.location',
    anyText(''),
    'PEM file',
    'Private key and certificate chain of this server.',
  ),
  keyStorePassword: key('ssl.keyStore.password', anyText(''), 'secret', 'Of an encrypted key.'),
  keyStorePasswordPath: key(
    'ssl.keyStore.passwordPath',
    anyText(''),
    'file',
    'Holds the password, and wins over it.',
  ),
  keyStoreType: key('ssl.keyStore.type', anyText(''), '`PEM`', 'Other types are refused.'),
  trustStoreLocation: key(
    'ssl.trustStore.location',
    anyText(''),
    'PEM file',
    'Authorities that sign certificates of clients.',
  ),
  trustStoreType: key('ssl.trustStore.type', anyText(''), '`PEM`', 'Other types are refused.'),
  sslClientAuth: key(
    'ssl.clientAuth',
    oneOf<ClientAuth>(['none', 'want', 'need'], 'need'),
    '',
    'Whether clients are asked for a certificate, and must have one.',
  ),
  sslProtocol: key('ssl.protocol', anyText(''), '', '`TLSv1.2`, `TLSv1.3`; default: both.'),
  sslEnabledProtocols: key('ssl.enabledProtocols', anyText(''), 'list', 'Wins over ssl.protocol.'),
  sslCipherSuites: key(
    'ssl.ciphersuites',
    anyText(''),
    'list',
    'Names of cipher suites, as Java or OpenSSL spell them; default: of the runtime.',
  ),
  sslHostnameVerification: key(
    'ssl.hostnameVerification',
    lenientBool(true),
    '',
    'False switches off the one below.',
  ),
  sslClientHostnameVerification: key(
    'ssl.clientHostnameVerification',
    lenientBool(false),
    '',
    'The certificate of a client must name the IP address that it comes from.',
  ),
  sslAuthProvider: key('ssl.authProvider', anyText('x509'), 'scheme', 'Only x509 exists.'),
  outstandingHandshakeLimit: key(
    'netty.server.outstandingHandshake.limit',
    lenientInt(-1),
    'count',
    'TLS handshakes under way before more are refused; -1 is 2000.',
  ),
  x509SuperUser: key(
    'X509AuthenticationProvider.superUser',
    anyText(''),
    'subject',
    'Subject of the certificate whose bearer is super.',
  ),
} as const;

export const SECURITY_KEYS = { ...SCHEME_KEYS, ...TLS_KEYS, ...SASL_KEYS } as const;
