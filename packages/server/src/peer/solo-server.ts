/**
 * SoloServer: the role of a server that stands alone. Its disk is its quorum.
 */

import type { ClientPort } from './client-port.ts';
import type { PeerCore } from './peer-core.ts';
import { PrimaryOrder } from './primary-order.ts';
import { SoloProposer } from './solo-proposer.ts';

export class SoloServer {
  readonly order: PrimaryOrder;
  readonly #core: PeerCore;
  readonly #proposer: SoloProposer;
  readonly #port: ClientPort;

  constructor(core: PeerCore, port: ClientPort) {
    this.#core = core;
    this.#port = port;
    this.#proposer = new SoloProposer(core.disk.lastLoggedZxid, (proposal) => {
      this.order.onCommitted(proposal);
    });
    this.order = new PrimaryOrder(core, core.disk, port.orderClient, this.#proposer);
  }

  start(): void {
    this.#core.state.onLeader(true);
    this.#port.hold.serve(this.order);
    this.order.closeDeadOwners();
  }

  onSynced(zxid: number): void {
    this.#proposer.onSynced(zxid);
  }

  tick(): void {
    this.order.tick();
  }

  stop(reason: string): void {
    this.order.end();
    this.#port.closeAll(reason, true);
  }
}
