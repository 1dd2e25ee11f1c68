/** How large a run is, and how long each part may take. */
export interface Scale {
  /** The tenants that are measured, by how many documents each has, and questions about each size. */
  readonly classes: readonly { readonly size: number; readonly tenants: number; readonly questions: number }[];
  /** How many tenants of a size the shared tables have. Fewer make these designs better. */
  readonly sharedTenants: number;
  /** How often each question is put to each design, and seconds after which a design is asked no more. */
  readonly rounds: number;
  readonly patience: number;
  /** Seconds of one turn of a design, and turns, for each concurrency. */
  readonly concurrency: { readonly seconds: number; readonly turns: number };
  readonly restarts: number;
  /** How often a document is stored and searched for, and batches of 100 that are stored. */
  readonly inserts: number;
  readonly batches: number;
  /** Near-duplicates that another tenant stores, of so many questions of each class. */
  readonly flood: { readonly documents: number; readonly questions: number };
  /** Other tenants with search tables, and documents of others; samples at each step. */
  readonly neighbours: { readonly large: readonly number[]; readonly rows: number; readonly samples: number };
  readonly walls: { readonly calls: number; readonly loops: number };
}

const of = (size: number, tenants: number, questions: number) => ({ size, tenants, questions });

export const quick: Scale = {
  classes: [of(50, 10, 30), of(500, 2, 20), of(1_000, 6, 24), of(5_000, 1, 24)],
  ...{ sharedTenants: 3, rounds: 3, patience: 0.6, restarts: 2, inserts: 8, batches: 4 },
  ...{ flood: { documents: 500, questions: 5 }, concurrency: { seconds: 0.5, turns: 4 } },
  ...{ neighbours: { large: [0, 100, 1_000], rows: 50_000, samples: 20 }, walls: { calls: 150, loops: 5 } },
};

export const full: Scale = {
  classes: [of(50, 20, 100), of(500, 10, 100), of(1_000, 1_000, 100), of(5_000, 2, 100), of(30_000, 1, 100)],
  ...{ sharedTenants: 50, rounds: 5, patience: 20, restarts: 8, inserts: 100, batches: 30 },
  ...{ flood: { documents: 10_000, questions: 20 }, concurrency: { seconds: 3, turns: 7 } },
  ...{ neighbours: { large: [0, 100, 1_000, 10_000], rows: 400_000, samples: 200 }, walls: { calls: 1_000, loops: 9 } },
};
