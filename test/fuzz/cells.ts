/**
 * The coverage of a run: which kinds of messages met connections in which states, how often, and
 * what became of them. States are what the server's connection was seen to be in when the message
 * came, not what the run had in mind.
 */

export type Outcome = 'answered' | 'refused' | 'closed' | 'silent';

export const OUTCOMES: readonly Outcome[] = ['answered', 'refused', 'closed', 'silent'];

/** One message on its way. */
export interface Delivery {
  readonly what: string;
  readonly state: string;
  outcome: Outcome | null;
}

type CellRow = readonly [what: string, state: string, outcome: Outcome, count: number];
/** As messages between processes carry them. */
export type CellRows = readonly CellRow[];
type Counts = Record<Outcome, number>;

export class Cells {
  /** By `what`, then by state. */
  readonly #counts: Map<string, Map<string, Counts>>;

  constructor() {
    this.#counts = new Map();
  }

  add({ what, state, outcome }: Delivery, count = 1): void {
    let row = this.#counts.get(what);
    if (row === undefined) {
      row = new Map();
      this.#counts.set(what, row);
    }
    let counts = row.get(state);
    if (counts === undefined) {
      counts = { answered: 0, refused: 0, closed: 0, silent: 0 };
      row.set(state, counts);
    }
    counts[outcome ?? 'silent'] += count;
  }

  merge(other: Cells): void {
    for (const [what, row] of other.#counts) {
      for (const [state, counts] of row) {
        for (const outcome of OUTCOMES) this.add({ what, state, outcome }, counts[outcome]);
      }
    }
  }

  of(what: string, state: string, outcome?: Outcome): number {
    const counts = this.#counts.get(what)?.get(state);
    if (counts === undefined) return 0;
    if (outcome !== undefined) return counts[outcome];
    return OUTCOMES.reduce((sum, one) => sum + counts[one], 0);
  }

  get states(): readonly string[] {
    return [...new Set([...this.#counts.values()].flatMap((row) => [...row.keys()]))];
  }

  get rows(): readonly string[] {
    return [...this.#counts.keys()];
  }

  total(outcome?: Outcome): number {
    let sum = 0;
    for (const what of this.rows)
      for (const state of this.states) sum += this.of(what, state, outcome);
    return sum;
  }

  toRows(): CellRows {
    return this.rows.flatMap((what) =>
      this.states.flatMap((state) =>
        OUTCOMES.map((outcome): CellRow => [what, state, outcome, this.of(what, state, outcome)]),
      ),
    );
  }

  static fromRows(rows: CellRows): Cells {
    const cells = new Cells();
    for (const [what, state, outcome, count] of rows) {
      if (count > 0) cells.add({ what, state, outcome }, count);
    }
    return cells;
  }
}
