/** The simulated disk keeps the contract of a disk while nothing goes wrong with it. */

import { Prng } from '@zabra/protocol';
import { SimClock } from 'zabra/dist/sim/sim-clock.js';
import { SimDisk } from 'zabra/dist/sim/sim-disk.js';
import { type DiskCompletion, type DiskOnTrial, diskContract } from './disk-contract.ts';

function makeSimDisk(): Promise<DiskOnTrial> {
  const clock = new SimClock();
  const options = { writeUsMax: 500, syncUsMin: 100, syncUsMax: 5000, stallOneIn: 4 };
  const faults = { stallUsMax: 100_000, failOneIn: 0, readFailOneIn: 0 };
  const disk = new SimDisk(clock, new Prng(1), { ...options, ...faults });
  let completions: DiskCompletion[] = [];
  const open = () =>
    disk.open(({ token }, error) => {
      completions.push({ token, error });
    });
  const trial = {
    reader: open(),
    submit: disk.submit.bind(disk),
    settle: async () => {
      clock.runUntil(clock.nowUs + 60_000_000);
      const settled = completions;
      completions = [];
      return settled;
    },
    reopen: async () => {
      disk.kill();
      trial.reader = open();
    },
    dispose: async () => undefined,
  };
  return Promise.resolve(trial);
}

diskContract('SimDisk', makeSimDisk);
