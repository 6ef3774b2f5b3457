/** Links of the quorum and election ports as outputs: what is written, held, closed and found. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteWriter, packetName, PacketType, writeQuorumPacket } from '@zabra/protocol';
import { type LinksOwner, type MeshLink, PeerLinks, type QuorumLink } from './peer-links.ts';
import { Ready } from './ready.ts';
import { configOf } from './bed-config.test-kit.ts';

class Owner implements LinksOwner {
  readonly ready = new Ready();
  readonly links = new PeerLinks(this, configOf());
  readonly heard: string[] = [];
  /** Bytes that a body takes; whatever more comes is packets again. */
  bodyBytes = 0;
  onEach: (link: QuorumLink, type: number) => void = () => undefined;

  onMeshBytes(_link: MeshLink, _buffer: Uint8Array, start: number, end: number): void {
    this.heard.push(`mesh ${end - start}`);
  }

  onPacket(link: QuorumLink, type: number, zxid: number): void {
    this.heard.push(`${packetName(type)} ${zxid}`);
    this.onEach(link, type);
  }

  onSnapshotBytes(_link: QuorumLink, _buffer: Uint8Array, start: number, end: number): number {
    const taken = Math.min(this.bodyBytes, end - start);
    this.bodyBytes -= taken;
    this.heard.push(`body ${taken}`);
    return taken;
  }

  onLinkFault(link: QuorumLink, message: string): void {
    this.heard.push(message);
    link.close(message);
  }

  take(): string[] {
    return this.heard.splice(0);
  }
}

function packet(type: number, zxid: number): Uint8Array {
  const w = new JuteWriter();
  writeQuorumPacket(w, type, zxid, null, null);
  return w.toBytes();
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

describe('PeerLinks', () => {
  it('finds links by id until they are removed, and never gives an id twice', () => {
    const { links } = new Owner();
    const [mesh, quorum] = [links.openMesh('a:1'), links.openQuorum('b:2')];
    assert.notEqual(mesh.id, quorum.id);
    assert.equal(links.find(mesh.id), mesh);
    assert.equal(links.remove(mesh.id), mesh);
    assert.equal(links.remove(mesh.id), undefined);
    assert.equal(links.find(mesh.id), undefined);
    assert.ok(links.openMesh('a:1').id > quorum.id);
  });

  it('asks the driver to dial, with the output that it is to report on', () => {
    const { links, ready } = new Owner();
    const link = links.openQuorum('h2:2888');
    links.dial(link, { host: 'h2', port: 2888 });
    assert.deepEqual(ready.dials, [
      { output: link.output, kind: 'quorum', host: 'h2', port: 2888 },
    ]);
  });
});

describe('a quorum link', () => {
  it('counts what waits in its output and in the network', () => {
    const { links, ready } = new Owner();
    const link = links.openQuorum('b:2');
    link.send(PacketType.PING, 1, null);
    assert.equal(link.unsentBytes, 20);
    assert.deepEqual(ready.outputs, [link.output]);
    link.output.bytes.reset();
    link.output.unsentBytes = 7;
    assert.equal(link.unsentBytes, 7);
  });

  it('delivers nothing while it is paused, not even of the chunk at hand', () => {
    const owner = new Owner();
    const link = owner.links.openQuorum('b:2');
    owner.onEach = (from, type) => {
      if (type === PacketType.NEWLEADER) from.pause();
    };
    const bytes = joined(
      packet(PacketType.NEWLEADER, 1),
      packet(PacketType.PING, 2),
      packet(PacketType.UPTODATE, 3),
    );
    link.onBytes(bytes, 0, bytes.length);
    assert.deepEqual(owner.take(), ['NEWLEADER 1']);
    assert.equal(link.output.pauseReading, true);
    link.resume();
    assert.deepEqual(owner.take(), ['PING 2', 'UPTODATE 3']);
    assert.equal(link.output.pauseReading, false);
  });

  it('lets a body pass between packets', () => {
    const owner = new Owner();
    const link = owner.links.openQuorum('b:2');
    owner.bodyBytes = 5;
    owner.onEach = (from, type) => {
      if (type === PacketType.SNAP) from.packets.enterRaw();
    };
    const bytes = joined(packet(PacketType.SNAP, 1), new Uint8Array(5), packet(PacketType.PING, 2));
    link.onBytes(bytes, 0, bytes.length);
    assert.deepEqual(owner.take(), ['SNAP 1', 'body 5', 'PING 2']);
  });

  it('says and hears nothing any more once it is closed, in the same chunk already', () => {
    const owner = new Owner();
    const link = owner.links.openQuorum('b:2');
    owner.onEach = (from) => from.close('enough');
    const bytes = joined(packet(PacketType.PING, 1), packet(PacketType.PING, 2));
    link.onBytes(bytes, 0, bytes.length);
    link.onBytes(bytes, 0, bytes.length);
    link.resume();
    assert.deepEqual(owner.take(), ['PING 1']);
    link.send(PacketType.PING, 3, null);
    link.write(bytes, 0, bytes.length);
    link.sendRange(PacketType.PING, 3, bytes, 0, 1);
    assert.equal(link.output.bytes.position, 0);
    assert.equal(link.output.destroy, true);
  });

  it('that cannot be understood tells its owner', () => {
    const owner = new Owner();
    const link = owner.links.openQuorum('b:2');
    const bytes = packet(PacketType.PING, 1);
    bytes[12] = 0x7f;
    link.onBytes(bytes, 0, bytes.length);
    assert.match(owner.take().join(), /^A quorum packet of b:2 has data-length/);
    assert.equal(link.output.destroy, true);
  });
});

describe('a mesh link', () => {
  it('ends at once, or behind what was written', () => {
    const owner = new Owner();
    const [first, second] = [owner.links.openMesh('a:1'), owner.links.openMesh('a:2')];
    for (const link of [first, second]) link.write(new Uint8Array(3), 0, 3);
    first.close('enough');
    second.finish('said all');
    assert.equal(first.output.destroy, true);
    assert.equal(second.output.closeAfterFlush, true);
    assert.equal(second.output.bytes.position, 3);
    for (const link of [first, second]) link.onBytes(new Uint8Array(4), 0, 4);
    assert.deepEqual(owner.take(), ['mesh 4'], 'a link that only ends still hears');
  });
});
