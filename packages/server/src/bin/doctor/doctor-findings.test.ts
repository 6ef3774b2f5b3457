/** What the doctor finds in configurations and directories, each spoilt for one finding. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { codesOf, Patient } from './doctor.test-kit.ts';
import type { DoctorOptions } from './doctor.ts';
import type { FindingCode } from './finding-table.ts';

const PORT = 'clientPort=0';
const MEMBER = ['initLimit=10', 'syncLimit=5', 'standaloneEnabled=false', 'server.1=127.0.0.1:1:2'];

interface Row {
  readonly name: string;
  readonly set: string | null;
  readonly lines: readonly string[];
  readonly options?: Partial<DoctorOptions>;
  readonly spoil?: (patient: Patient) => void;
  /** Those that must be there; others may be. */
  readonly found: readonly FindingCode[];
  /** What their sentences say. */
  readonly says: RegExp;
}

const ROWS: readonly Row[] = [
  {
    name: 'a key that asks for lists of revoked certificates between servers',
    set: 'quorum-single',
    lines: [PORT, ...MEMBER, 'ssl.quorum.crl=true'],
    found: ['KEY-REFUSED'],
    says: /"ssl\.quorum\.crl=true": revoked certificates are not known/,
  },
  {
    name: 'a number that is none, and all that is wrong at once',
    set: 'standalone',
    lines: [PORT, 'tickTime=fast', 'minSessionTimeout=9', 'maxSessionTimeout=8'],
    found: ['KEY-BAD', 'CONFIG-REFUSED'],
    says: /tickTime=fast[^]*minSessionTimeout is 9, more than maxSessionTimeout/,
  },
  {
    name: 'a key that would be missed, one that nobody knows, one without a counterpart',
    set: 'standalone',
    lines: [PORT, 'audit.enable=true', 'jute.maxbuffer=1', 'jvm.pause.monitor=true'],
    found: ['KEY-IGNORED', 'KEY-UNKNOWN', 'KEYS-WITHOUT-EFFECT'],
    says: /"jute\.maxbuffer": only -Djute\.maxbuffer=\.\.\. sets it/,
  },
  {
    name: 'a class of their own for authentication',
    set: 'standalone',
    lines: [PORT, 'authProvider.1=com.example.OurProvider'],
    found: ['AUTH-PROVIDER', 'CONFIG-WARNING'],
    says: /authProvider\.1 names the class "com\.example\.OurProvider"/,
  },
  {
    name: 'Kerberos in the JAAS file',
    set: 'standalone',
    lines: [PORT],
    options: { flags: ['-Djava.security.auth.login.config=@ROOT@/jaas.conf', '-Dcom.example=1'] },
    spoil: (patient) => {
      const module = 'com.sun.security.auth.module.Krb5LoginModule required keyTab="/k"';
      patient.write('jaas.conf', `Server { ${module}; };`);
    },
    found: ['CONFIG-REFUSED', 'PROPERTY-UNKNOWN'],
    says: /-Dcom\.example\n[^]*Kerberos is not supported/,
  },
  {
    name: 'keys that are not there',
    set: 'standalone',
    lines: [PORT, 'secureClientPort=0', 'ssl.clientAuth=none', 'ssl.keyStore.location=/absent.pem'],
    found: ['TLS-FILES'],
    says: /"\/absent\.pem".*ENOENT/,
  },
  {
    name: 'a keystore of Java',
    set: 'standalone',
    lines: [PORT, 'secureClientPort=0', 'ssl.clientAuth=none', 'ssl.keyStore.location=/store.jks'],
    found: ['CONFIG-REFUSED'],
    says: /JKS is not read, only PEM/,
  },
  {
    name: 'flags in a file, one of which needs a shell',
    set: 'standalone',
    lines: [PORT],
    spoil: (patient) => {
      const lines = [
        'export SERVER_JVMFLAGS="-Xmx1m -Dzookeeper.snapCount=7 $SERVER_JVMFLAGS"',
        'JVMFLAGS="-Dx=$(hostname)"',
      ];
      patient.write('java.env', lines.join('\n'));
    },
    found: ['FLAGS-FROM-FILE', 'FLAGS-UNREADABLE', 'MEMORY'],
    says: /the budget \(-Xmx, zabra\.memory\) is 1\.0 MiB/,
  },
  {
    name: 'an id that is not in the list',
    set: 'quorum-single',
    lines: [PORT, ...MEMBER, 'server.2=127.0.0.1:3:4'],
    spoil: (patient) => patient.write('data/myid', '7\n'),
    found: ['MYID'],
    says: /myid" says 7, the server list has 1, 2/,
  },
  {
    name: 'a name without an address',
    set: 'quorum-single',
    lines: [PORT, ...MEMBER, 'server.2=no-such-host.invalid:1:2'],
    found: ['NAME-UNKNOWN'],
    says: /"no-such-host\.invalid": E/,
  },
  {
    name: 'no zoo.cfg',
    set: null,
    lines: [],
    spoil: (patient) => fs.rmSync(patient.configFile),
    found: ['CONFIG-UNREADABLE'],
    says: /Cannot read ".*zoo\.cfg"/,
  },
  {
    name: 'no data directory',
    set: null,
    lines: [PORT],
    found: ['DATA-MISSING'],
    says: /version-2" does not exist/,
  },
  {
    name: 'an empty data directory',
    set: null,
    lines: [PORT],
    spoil: ({ versionDir }) => void fs.mkdirSync(versionDir, { recursive: true }),
    found: ['HISTORY-EMPTY'],
    says: /holds no history/,
  },
  {
    name: 'logs among the snapshots',
    set: 'split-dirs',
    lines: [PORT],
    spoil: ({ versionDir }) => {
      fs.renameSync(path.join(versionDir, 'snapshot.10'), path.join(versionDir, 'log.10'));
    },
    found: ['DATA-MIXED'],
    says: /The snapshot directory holds the log "log\.10"/,
  },
  {
    name: 'a copy that counts as a snapshot',
    set: 'standalone',
    lines: [PORT],
    spoil: ({ versionDir }) => {
      const file = path.join(versionDir, 'snapshot.4b');
      fs.copyFileSync(file, `${file}.old`);
    },
    found: ['DATA-NAMES'],
    says: /snapshot\.4b\.old/,
  },
  {
    name: 'epochs that come to an end',
    set: 'quorum-single',
    lines: [PORT, ...MEMBER],
    spoil: ({ versionDir }) => {
      fs.writeFileSync(path.join(versionDir, 'acceptedEpoch'), '2000000');
    },
    found: ['EPOCH-HIGH'],
    says: /acceptedEpoch is 2000000/,
  },
  {
    name: 'an epoch that was lost',
    set: 'quorum-single',
    lines: [PORT, ...MEMBER],
    spoil: ({ versionDir }) => fs.writeFileSync(path.join(versionDir, 'acceptedEpoch'), '1'),
    found: ['HISTORY-REFUSED'],
    says: /The accepted epoch, 1 is less than the current epoch, 2/,
  },
  {
    name: 'TTL znodes without extended types',
    set: 'extended',
    lines: [PORT],
    found: ['TTL-OFF'],
    says: /6 znodes/,
  },
];

describe('the doctor finds', () => {
  for (const row of ROWS) {
    it(row.name, async () => {
      const patient = new Patient(row.set);
      try {
        patient.configure(...row.lines);
        row.spoil?.(patient);
        const { flags = [] } = row.options ?? {};
        const placed = flags.map((flag) => flag.replace('@ROOT@', patient.root));
        const report = await patient.examine({ ...row.options, flags: placed });
        const codes = codesOf(report);
        for (const code of row.found) assert.ok(codes.includes(code), `${code} in ${codes.join()}`);
        const sentences = report.findings.list.map(({ sentence }) => sentence);
        assert.match(sentences.join('\n'), row.says);
      } finally {
        patient.dispose();
      }
    });
  }
});
