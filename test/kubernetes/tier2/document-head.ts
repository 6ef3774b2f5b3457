/** The beginning of docs/kubernetes-tutorial-run.md: what ran, on what, when, with what outcome. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../process/server-process.ts';
import type { Bed } from './bed.ts';

async function firstLine(bed: Bed, command: string): Promise<string> {
  return (await bed.said(command)).trim().split('\n')[0] ?? '';
}

export async function documentHead(bed: Bed, passed: number, failed: number): Promise<string> {
  const { version } = JSON.parse(
    readFileSync(join(ROOT, 'packages/server/package.json'), 'utf8'),
  ) as { version: string };
  const commit = await firstLine(bed, `git -C '${ROOT}' rev-parse --short=12 HEAD`);
  const node = 'kubectl get nodes -o jsonpath="{.items[0].status.nodeInfo';
  const kubelet = await firstLine(bed, `${node}.kubeletVersion}"`);
  const runtime = await firstLine(bed, `${node}.containerRuntimeVersion}"`);
  const system = await firstLine(bed, `${node}.osImage}"`);
  const kernel = (await firstLine(bed, `${node}.kernelVersion}"`)).replace(/-.*/, '');
  const etcd = await firstLine(bed, 'etcd --version');
  const date = new Date().toISOString().replace('T', ' ').slice(0, 16);
  return `# The tutorial, run on Kubernetes

Each step of the [tutorial](kubernetes-tutorial.md), as it was typed, what was shown, and what was
asserted of it. \`ZABRA_REWRITE=1 npm run test:kubernetes\` runs it again and writes this page; how
it does that is in [\`test/kubernetes/tier2\`](../test/kubernetes/tier2).

| | |
| --- | --- |
| run | ${date} UTC, commit ${commit} |
| outcome | **${passed} passed, ${failed} failed** |
| image | Zabra ${version}, built by \`deploy/image/build.sh\` |
| Kubernetes | ${kubelet}, built from Debian's source package; four kubelets on one machine |
| beside it | ${runtime.replace('://', ' ')}, ${etcd.replace(' Version:', '')} |
| machine | ${system}, Linux ${kernel} |

Two lines of the manifest are changed: \`image\`, as the tutorial says, and \`policy/v1beta1\` for
the budget, since this Kubernetes is older than 1.21. Long outputs are cut.
`;
}
