/** Every block of figures in docs/figures.md says when, of which code and on what it was measured. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Machine } from './measure.js';
import { type Figures, figuresFile, readFigures, replaceFigures } from './report.js';

const machine: Machine = {
  ...{ commit: 'f200b4d', date: '2026-11-28', postgres: '17.12', pgvector: '0.8.0' },
  ...{ pgbouncer: '1.24.1', server: 'in a container', node: 'v20.19.0', cores: 2 },
};
const table = { title: 'Load', head: ['service', 'a second'], rows: [['ragwall serve', '374']] };
const load: Figures = { lab: 'load', command: 'npm run load', machine, tables: [table] };
const empty = '# Figures\n\n<!-- figures: load -->\n\nnothing yet\n\n<!-- /figures: load -->\n\nThe end.\n';
const written = replaceFigures(empty, load);

it('docs/figures.md has a block of each lab', async () => {
  const found = readFigures(await readFile(figuresFile, 'utf8'));
  const labs = ['attack-lab', 'bench', 'load', 'mutants', 'soak', 'two-worlds'];
  expect(Object.keys(found).sort()).toEqual(labs);
});

it('a lab replaces its own block, and reading it returns where it was measured', () => {
  expect(written).toContain('| ragwall serve |');
  expect(written).toMatch(/^# Figures\n[\s\S]*\nThe end\.\n$/);
  expect(readFigures(written)).toEqual({
    load: expect.objectContaining({
      ...{ date: '2026-11-28', commit: 'f200b4d', command: 'npm run load' },
      ...{ postgres: '17.12', pgvector: '0.8.0', node: '20.19.0', cores: '2' },
    }),
  });
  expect(replaceFigures(written, load)).toBe(written);
  expect(() => replaceFigures(written, { ...load, lab: 'soak' })).toThrow('<!-- figures: soak -->');
});

it.each([
  ['the commit', / at commit \w+/, 'do not begin with where'],
  ['the date', /on [\d-]+/, 'do not begin with where'],
  ['the cores', /, 2 cores/, 'do not begin with where'],
  ['the version of PostgreSQL', /PostgreSQL [\d.]+ /, 'do not begin with where'],
  ['the table', /\n\|.*/g, 'have no table'],
  ['the marker of its end', /<!-- \/figures.*/, 'has no other of its pair'],
])('a block without %s is refused', (_, part, message) => {
  expect(() => readFigures(written.replace(part, ''))).toThrow(message);
});
