/**
 * What the configuration says about SASL between servers (quorum-protocol.md 16). There is one kind
 * of user: whoever knows a password is a server of this ensemble, whatever its sid.
 */

import type { SaslUsers } from '../ops/sasl-users.ts';

export interface QuorumAuthConfig {
  /** Who is let in, from the JAAS section `QuorumServer`. */
  readonly users: SaslUsers;
  /** As whom we come, from the section `QuorumLearner`. */
  readonly userName: string;
  /** Of that user alone. */
  readonly ownPassword: SaslUsers;
  /** `quorum.auth.learnerRequireSasl`: we authenticate where we connect, and else do not stay. */
  readonly learnerRequiresSasl: boolean;
  /** `quorum.auth.serverRequireSasl`: who connects and does not authenticate is cut. */
  readonly serverRequiresSasl: boolean;
}
