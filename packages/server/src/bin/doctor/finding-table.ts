/**
 * What the doctor may find: one table, from which its output, docs/migration.md and its tests
 * derive. The codes are for scripts: a code never changes its meaning.
 *
 * A blocker: the server would not start, would lose data, or would lack protection that is asked
 * for. A warning: it starts, and something will be missed. A note: nothing needs doing.
 */

export type Severity = 'blocker' | 'warning' | 'note';

export interface FindingKind {
  readonly severity: Severity;
  readonly meaning: string;
  readonly advice: string;
}

const blocker = kind('blocker');
const warning = kind('warning');
const note = kind('note');

export const FINDING_KINDS = {
  'CONFIG-UNREADABLE': blocker(
    'the configuration file cannot be read',
    'name a zoo.cfg that this user may read',
  ),
  'CONFIG-REFUSED': blocker(
    'the server would not start with this configuration',
    'correct the setting; the server would end with the same sentence',
  ),
  'KEY-REFUSED': blocker(
    'a key asks for protection that is not there yet',
    'do without the protection, or stay with Apache until it is there',
  ),
  'KEY-BAD': blocker('a value cannot be read', "correct it; Apache's server refuses it, too"),
  'KEY-IGNORED': warning(
    'a key has no effect here and may be missed',
    'read why, and do without it',
  ),
  'KEY-UNKNOWN': warning(
    "nobody reads a key: not this server, and Apache's only if something was added to it",
    'correct its spelling, or remove it',
  ),
  'KEYS-WITHOUT-EFFECT': note('keys that need no counterpart here', 'nothing; they may stay'),
  'CONFIG-WARNING': warning('the server would warn of this at each start', 'see the sentence'),
  'FLAGS-UNREADABLE': warning(
    'a file of the environment has a line that only a shell understands',
    'give its flags to the doctor on the command line',
  ),
  'FLAGS-FROM-FILE': note(
    'flags were found in a file of the environment',
    'start the server by bin/zkServer.sh with --config or ZOOCFGDIR, which reads the same file',
  ),
  'FLAGS-OF-PROCESS': warning(
    'the server that runs has flags that are in no file which was found',
    'put them into java.env beside zoo.cfg, or give them to the new server',
  ),
  'PROPERTY-UNKNOWN': note(
    'a system property that nobody reads here',
    'nothing, unless you relied on it',
  ),
  'AUTH-PROVIDER': blocker(
    'an authentication provider is a class of your own',
    'clients that rely on its scheme cannot get in; stay with Apache, or change their ACLs first',
  ),
  'ACL-SCHEME': warning(
    'ACLs name a scheme that does not exist here',
    'only the super user passes these entries; change them, or set superDigest',
  ),
  'TLS-FILES': blocker(
    'keys or certificates cannot be used',
    'correct the file, or the key that names it; Java keystores must become PEM files',
  ),
  MYID: blocker('myid and the server list do not agree', 'correct myid or the list'),
  'NAME-UNKNOWN': warning(
    'the name of a member has no address here',
    'correct it; run the doctor where the server runs',
  ),
  'DATA-MISSING': warning(
    'there is no data directory yet',
    'check dataDir; the server would begin empty',
  ),
  'DATA-PERMISSION': blocker(
    'files of the data directory cannot be read or written by this user',
    'run the doctor as the user of the server, and give it the files',
  ),
  'DATA-OWNERS': warning(
    'files of the data directory belong to different users',
    'give them all to the user of the server',
  ),
  'DATA-MIXED': blocker(
    'logs lie among the snapshots, or snapshots among the logs',
    'check dataDir and dataLogDir',
  ),
  'DATA-NAMES': warning(
    'copies and leftovers there count as logs or snapshots',
    'move them elsewhere: recovery uses them, and a purge removes them',
  ),
  'DISK-SPACE': warning('little space is left for a snapshot and a log', 'make space'),
  'SERVER-RUNS': note(
    'a server runs on this directory',
    'stop it before you start another; then run the doctor again with --stopped',
  ),
  'SERVER-STILL-RUNS': blocker(
    'a server runs on this directory, though it was said to be stopped',
    'wait until the process is gone',
  ),
  'SERVER-OLD': warning(
    'the server that runs is older than those that mixed ensembles are tested with',
    'upgrade to Apache 3.8 first, or replace all servers at once',
  ),
  'HISTORY-EMPTY': note(
    'there are neither snapshots nor logs',
    'check dataDir if you expected some',
  ),
  'HISTORY-REFUSED': blocker(
    'the server would refuse this history',
    'take the data from another member, by an empty version-2, or from a backup',
  ),
  'HISTORY-WITHOUT-SNAPSHOT': blocker(
    'there are logs and no snapshot, as after an upgrade from 3.4',
    'start once with snapshot.trust.empty=true; after the first snapshot remove it again',
  ),
  'HISTORY-INCOMPLETE': blocker(
    'there is no snapshot, and the logs do not reach back to the beginning',
    'take the data from another member or from a backup',
  ),
  'SNAPSHOT-DAMAGED': warning(
    'a snapshot is of no use; an older one and the log take its place',
    'nothing now; look for the reason',
  ),
  'SNAPSHOT-DIGEST': warning(
    'a snapshot gives another digest than its writer had',
    'compare with another member; take the data from one that is right',
  ),
  'SNAPSHOTS-COMPRESSED': note(
    'snapshots are compressed',
    'nothing: they are read; new ones are written plain',
  ),
  'LOG-TORN': note(
    'the end of the newest log is torn and will be cut',
    'nothing: nobody was told that it was written',
  ),
  'LOG-DIGEST': warning(
    'transactions gave another digest than their proposer had',
    'compare with another member before this one may lead; take the data from one that is right',
  ),
  'EPOCH-HIGH': warning(
    'epochs are close to the highest that is supported, 2097151',
    'plan a new ensemble',
  ),
  'WATERMARK-VOID': note(
    'another server has written here since one of ours did',
    'nothing: expected on the way back',
  ),
  'CHANGE-UNFINISHED': note(
    'a truncation or a snapshot from a leader was interrupted',
    'nothing: the next start finishes it',
  ),
  'TTL-OFF': blocker(
    'znodes have a TTL, but extendedTypesEnabled is not set',
    'set extendedTypesEnabled=true, or they are taken for ephemerals and deleted',
  ),
  'EPHEMERALS-WITHOUT-SESSION': note(
    'ephemerals of no session',
    "nothing: the next leader deletes them, as Apache's does",
  ),
  'ZNODE-LARGE': warning(
    'a znode is larger than jute.maxbuffer',
    'raise jute.maxbuffer: clients cannot read it',
  ),
  'CHILDREN-MANY': warning(
    'the names of some children are more than may wait for one client',
    'raise zabra.clientOutputBytesMax: asking for them would cost the connection',
  ),
  MEMORY: warning(
    'the tree may not fit into the memory there is',
    'give the server more memory, or a smaller tree',
  ),
  'PORT-TAKEN': warning(
    'a port is in use, and not by the server of this configuration',
    'free it, or choose another',
  ),
  'PORT-REFUSED': blocker(
    'a port cannot be had',
    'see the reason; below 1024 needs a privilege, and the address must be of this machine',
  ),
} as const satisfies Readonly<Record<string, FindingKind>>;

export type FindingCode = keyof typeof FINDING_KINDS;

function kind(severity: Severity): (meaning: string, advice: string) => FindingKind {
  return (meaning, advice) => ({ severity, meaning, advice });
}
