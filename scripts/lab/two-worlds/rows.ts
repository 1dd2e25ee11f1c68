/** The rows of the victim, which differ between the worlds, and of its neighbours, which do not. */

/** Width of the embeddings: enough for an HNSW index, and small enough for many statements a second. */
export const dimensions = 8;

export interface Row {
  readonly id: string;
  readonly source: string;
  readonly position: number;
  readonly content: string;
  readonly embedding: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly created_at: string;
}

export const topics = ['finance', 'people', 'roadmap', 'legal'];

export const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Returns a direction, another for each number below 97, because the order of equal ones would be random. `nudge` turns it a little. */
export const vectorOf = (n: number, nudge = 0) =>
  `[${Array.from({ length: dimensions }, (_, i) => (10 * Math.cos((n % 97) * (i + 1.3) + i) + nudge * (i + 1)).toFixed(2))}]`;

const rows = (count: number, first: number, say: (n: number) => Partial<Row>): Row[] =>
  Array.from({ length: count }, (_, i) => {
    const n = first + i;
    return {
      id: idOf(n),
      source: `${topics[n % 4]}/${n % 7}.md`,
      position: n,
      content: `passage ${n} about ${topics[n % 4]}`,
      embedding: vectorOf(n),
      metadata: { topic: topics[n % 4], n, tags: [`t${n % 3}`] },
      created_at: new Date(Date.UTC(2020, 0, 1, n)).toISOString(),
      ...say(n),
    };
  });

/** Returns rows of a neighbour, which are the same in every world. */
export const own = (count: number) => rows(count, 0, () => ({}));

const merger = (n: number): Partial<Row> => ({
  content: n % 2 ? `we buy initech for ${n}` : `merger plan ${n}`,
  source: 'board/merger.md',
  metadata: { topic: 'merger', n, price: n },
});

/** The victim's rows in the first world. Some have ids that a neighbour's rows have, too. */
export const few: readonly Row[] = [...rows(30, 1_000, merger), ...rows(10, 5, merger)];

/** The victim's rows in the second world: more and others, with vectors near those of a neighbour, under all ids of a neighbour. */
const layoffs = (n: number): Partial<Row> => ({
  content: `layoffs of ${n} people in spring`,
  source: n % 3 ? 'hr/layoffs.md' : `${topics[n % 4]}/${n % 7}.md`,
  embedding: vectorOf(n, 0.01),
  metadata: { topic: n % 5 ? 'layoffs' : 'finance', n, severance: n * 3 },
});
const many = [...rows(260, 2_000, layoffs), ...rows(90, 0, layoffs)];

/** As many rows as in the first world and as long, with other contents, ids, positions and directions. */
const others = few.map((row) => ({
  ...row,
  id: row.id.replace(/001(\d\d\d)$/, '003$1'),
  source: row.source.replace('merger', 'reward'),
  position: row.position + 3,
  content: row.content.replace('merger', 'reward').replace('initech', 'hooli!!'),
  embedding: vectorOf(row.position + 40),
  metadata: { ...row.metadata, topic: 'reward' },
}));

/** How the second world may differ from the first. */
export const changes = { rows: many, contents: others } as const;
export type Change = keyof typeof changes;

/** Words that only the victim's rows contain. */
export const secrets = /merger|initech for|layoffs|severance|reward|hooli/;

/** Guesses that are right for one world or for none. */
export const guesses = {
  ids: [idOf(3), idOf(7), idOf(1_003), idOf(1_020), idOf(2_003), idOf(2_200), idOf(9_999)],
  contents: [
    ...['we buy initech for 1003', 'merger plan 1004', 'merger plan 6', 'we buy'],
    ...['layoffs of 2003 people in spring', 'layoffs of 3 people in spring', 'layoffs', 'no such content'],
  ],
  sources: ['board/merger.md', 'hr/layoffs.md', 'finance/0.md', 'no/such.md'],
  numbers: [3, 7, 1_003, 1_020, 2_003, 2_200, 9_999],
  topics: ['merger', 'layoffs', 'no such topic'],
};
