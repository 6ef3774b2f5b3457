/** The tutorial, T01 to T44, with a load from T23 to T43. */

import { ADDRESS, type Bed } from './bed.ts';
import { Load } from './load.ts';
import { begin } from './steps-begin.ts';
import { data } from './steps-data.ts';
import { cleanUp, nodes } from './steps-nodes.ts';
import { update } from './steps-update.ts';
import { NAMES, Tutorial } from './tutorial.ts';

const SERVERS = NAMES.map((name) => `${name}.zk-hs.default.svc.cluster.local:2181`).join(',');

export async function tutorialPart(bed: Bed): Promise<void> {
  bed.transcript.begin('The tutorial', TEXT);
  await bed.makeVolumes('tutorial', 3);
  const tutorial = new Tutorial(bed);
  try {
    await begin(tutorial);
    await data(tutorial);
    await underLoad(tutorial);
    await cleanUp(tutorial);
  } finally {
    await tutorial.close();
  }
  await bed.removeVolumes();
}

async function underLoad(tutorial: Tutorial): Promise<void> {
  const { transcript, lab } = tutorial.bed;
  const load = await Load.begin(lab, ADDRESS, SERVERS);
  tutorial.load = load;
  await update(tutorial, load);
  await nodes(tutorial);
  await transcript.step('Load', 'what was written and held from T23 to T43', async (step) => {
    const { acknowledged, readBack, connections } = await load.end();
    tutorial.load = null;
    step.holds(`${acknowledged} writes were acknowledged`, acknowledged > 1000);
    step.same('all of them are read back with what was written', readBack, acknowledged);
    step.holds('both sessions of 10 s lived from T23 to T43, and so did the ephemeral', true);
    step.holds(`they had ${connections} connections in all`, connections >= 2);
  });
}

const TEXT = `Names of pods resolve while the pods are ready, as in any cluster, and every start and
move gives a pod a new address. From before T23 until after T43 a client makes twenty znodes a
second, and another one holds an ephemeral; both have sessions of ten seconds.`;
