/** What `/quorum` of the health port says, as the tests need it. */

export interface QuorumView {
  readonly role: string;
  readonly serving: boolean;
  readonly zxid: string;
  readonly digest: string;
  readonly currentEpoch: number;
}

export async function readQuorum(port: number): Promise<QuorumView> {
  const response = await fetch(`http://127.0.0.1:${port}/quorum`);
  return (await response.json()) as QuorumView;
}
