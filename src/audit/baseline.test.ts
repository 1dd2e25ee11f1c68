/** What a person accepts, with a reason, is shown and does not gate; nothing else is accepted with it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { applyBaseline, readBaseline, writeBaseline } from './baseline.js';
import type { AuditRow, Status } from './run.js';

const row = (id: string, object: string, status: Status = 'fail'): AuditRow => ({
  ...{ id, object, status, area: 'rls', severity: 'high' },
  ...{ expects: 'x', evidence: 'x', remedy: 'x', reference: 'x' },
});
const accepting = (object: string, id = 'T02') => ({ id, object, reason: 'known' });
const accepted = (rows: AuditRow[], ...objects: string[]) =>
  applyBaseline(
    rows,
    objects.map((object) => accepting(object)),
  )
    .rows.filter((one) => one.accepted === 'known')
    .map(({ id, object }) => `${id} ${object}`);

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ragwall-'));
});
beforeEach(async () => {
  file = join(folder, 'baseline.json');
  await rm(file, { force: true });
});
afterAll(() => rm(folder, { recursive: true }));

const written = async () => JSON.parse(await readFile(file, 'utf8'));

it('accepts a finding by its check and its object', () => {
  const rows = [row('T02', 'a.b'), row('T02', 'a.bc'), row('T03', 'a.b'), row('T02', 'a.b', 'pass')];
  expect(accepted(rows, 'a.b')).toEqual(['T02 a.b']);
});

it('accepts by how an object begins, and a star itself when it is told to', () => {
  const rows = [row('T02', 'a.b'), row('T02', 'a.c', 'warn'), row('T02', 'ab.c'), row('T02', 'a.*')];
  expect(accepted(rows, 'a.*')).toEqual(['T02 a.b', 'T02 a.c', 'T02 a.*']);
  expect(accepted(rows, 'a.\\*')).toEqual(['T02 a.*']);
});

it('tells which entries accept nothing', () => {
  const stale = accepting('gone');
  const { stale: found } = applyBaseline(
    [row('T02', 'a.b'), row('T01', 'gone')],
    [stale, accepting('a.b'), accepting('a.*')],
  );
  expect(found).toEqual([stale]);
});

it('refuses entries without a reason, and names them', async () => {
  const entries = [accepting('a.b'), { ...accepting('a.c'), reason: ' ' }, { ...accepting('a.d'), reason: '' }];
  await writeFile(file, JSON.stringify({ accepted: entries }));
  await expect(readBaseline(file)).rejects.toThrow(/reason is expected .* none for: T02 a\.c; T02 a\.d$/);
});

it.each([
  ['{', 'JSON is expected'],
  ['[]', '{ "accepted": [ … ] } is expected'],
  ['null', '{ "accepted": [ … ] } is expected'],
  ['{"accepted": [{"id": "T02", "object": "a.b"}]}', 'entry 1 (T02 a.b) is expected to have a text "reason"'],
  ['{"accepted": [null]}', 'entry 1 () is expected to have a text "id"'],
])('refuses %s', async (text, message) => {
  await writeFile(file, text);
  await expect(readBaseline(file)).rejects.toThrow(message);
  await expect(writeBaseline(file, [])).rejects.toThrow(message);
  expect(await readFile(file, 'utf8')).toBe(text);
});

it('says which file is not there', async () => {
  await expect(readBaseline(file)).rejects.toThrow('baseline.json: the baseline cannot be read (ENOENT)');
});

it('writes findings and nothing else, for a person to fill in', async () => {
  const rows = [row('T02', 'a.b'), row('T03', 'a.b', 'warn'), row('T04', '', 'pass'), row('T05', '', 'n/a')];
  expect(await writeBaseline(file, rows)).toBe(2);
  expect(await written()).toEqual({
    accepted: [
      { id: 'T02', object: 'a.b', reason: '' },
      { id: 'T03', object: 'a.b', reason: '' },
    ],
  });
  await expect(readBaseline(file)).rejects.toThrow('T02 a.b; T03 a.b');
});

it('keeps what a person wrote, and adds what is not accepted yet', async () => {
  const kept = [accepting('a.*'), accepting('gone'), { ...accepting('c.d'), by: 'Ada' }];
  await writeFile(file, JSON.stringify({ note: 'ours', accepted: [...kept, { ...accepting('was'), reason: '' }] }));
  expect(await writeBaseline(file, [row('T02', 'a.b'), row('T02', 'c.d'), row('T02', 'e.*')])).toBe(1);
  expect(await written()).toEqual({ note: 'ours', accepted: [...kept, { id: 'T02', object: 'e.\\*', reason: '' }] });
});
