/** The results as one page that needs nothing else: plots, tables, and how to repeat it. */
import { designs } from './designs.js';
import { bars, escaped, lines } from './plots.js';
import { type Results, targets } from './results.js';
import { tables } from './tables.js';
import { figureColumns, ms, type Table } from './text.js';

const style = `
:root { color-scheme: light dark; --ink: #1c1d1f; --paper: #fff; --faint: #6b6f76; --rule: #dcdfe4;
  --guide: #8a8f98; --hnsw: #d08a2c; --limit: #4a7fc1; --ragwall: #1f9d6b; --miss: #c2372e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e8ea; --paper: #16181b; --faint: #9aa0a8;
  --rule: #33373d; --guide: #868c96; --hnsw: #dd9a3f; --limit: #6b9fdd; --ragwall: #35b985; --miss: #ff7b70; } }
@media print { :root { color-scheme: light; --ink: #000; --paper: #fff; --faint: #444; --rule: #bbb; }
  body { font-size: 9pt; max-width: none; padding: 0; } h2, .note { break-after: avoid; } svg, tr { break-inside: avoid; }
  svg.panel { flex-basis: 16rem; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.4rem 0 .3rem; }
p { margin: .3rem 0 .8rem; } .note, .facts { color: var(--faint); font-size: .88rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .84rem; width: 100%; }
th { text-align: left; font-weight: 600; border-bottom: 1.5px solid var(--ink); }
th, td { padding: .22rem .55rem; vertical-align: top; } td { border-bottom: 1px solid var(--rule); }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td:first-child { white-space: nowrap; } td.hit { color: var(--ragwall); font-weight: 600; } td.missed { color: var(--miss); font-weight: 700; }
svg { width: 100%; max-width: 50rem; height: auto; display: block; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } svg .tick { fill: var(--faint); font-size: 11px; }
svg .group { font-weight: 600; } svg .grid { stroke: var(--rule); } svg .before { opacity: .3; }
svg .line { fill: none; stroke-width: 2; } .panels { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; }
svg.panel { flex: 1 1 22rem; max-width: 29rem; }
${['guide', 'hnsw', 'limit', 'ragwall']
  .map((f) => `svg .${f} { fill: var(--${f}); } svg .line.${f} { stroke: var(--${f}); fill: none; }`)
  .join('\n')}
pre { background: color-mix(in srgb, var(--rule) 35%, transparent); padding: .7rem 1rem; overflow-x: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: .88rem; }
dt { font-weight: 600; } dd { margin: 0; color: var(--faint); }`;

const familyOf = (name: string) => designs.find((design) => design.name === name)?.family ?? 'guide';

function toHtml(table: Table): string {
  const { title, note, head, rows } = table;
  const isFigure = figureColumns(table);
  const cell = (tag: string, value: string, i: number) => {
    const kind = value === 'hit' ? 'hit' : value === 'MISSED' ? 'missed' : isFigure[i] ? 'n' : '';
    return `<${tag}${kind && ` class="${kind}"`}>${escaped(value)}</${tag}>`;
  };
  return `<section><h2>${escaped(title)}</h2>${note ? `<p class="note">${escaped(note)}</p>` : ''}
<div class="scroll"><table><thead><tr>${head.map((name, i) => cell('th', name, i)).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row.map((value, i) => cell('td', value, i)).join('')}</tr>`).join('\n')}</tbody>
</table></div></section>`;
}

const section = (title: string, note: string, plot: string) =>
  `<section><h2>${title}</h2><p class="note">${note}</p>${plot}</section>`;

function times({ classes }: Results): string {
  const groups = classes.map(({ className, documents, cells }) => ({
    title: `${className}, ${documents.toLocaleString('en-GB')}`,
    bars: cells.map(({ design, p50, recall }) => ({
      label: design,
      kind: familyOf(design),
      value: p50,
      caption: `${ms(p50)} ms${recall < 0.99 ? `, recall ${recall.toFixed(2)}` : ''}`,
    })),
  }));
  return section(
    'Time of a search',
    'p50 in milliseconds on a logarithmic scale, by size of tenant and design; recall@10 where it is below 0.99.',
    bars(groups, { log: true, unit: '' }),
  );
}

function floods({ flood }: Results): string {
  const groups = flood.map(({ className, before, after }) => ({
    title: className,
    bars: before.map((b) => {
      const recall = after.find((a) => a.design === b.design)?.recall ?? 0;
      return {
        label: b.design,
        kind: familyOf(b.design),
        value: recall,
        before: b.recall,
        caption: `${b.recall.toFixed(2)} → ${recall.toFixed(2)}`,
      };
    }),
  }));
  return section(
    'What a flood by another tenant does to recall',
    'recall@10 of the flooded queries: pale before, full after.',
    bars(groups, { log: false, unit: '', max: 1 }),
  );
}

function growing({ growth, classes }: Results): string {
  const short: Record<string, string> = {
    'limit, one statement': 'limit',
    'ragwall, one statement': 'ragwall',
    guide: 'guide',
    'guide, kept connection': 'guide, kept',
  };
  const panels = classes.map(({ className }) => {
    const own = growth.filter((step) => step.className === className);
    const all = Object.entries(short).map(([design, label]) => ({
      label,
      kind: familyOf(design),
      points: own.map(({ neighbours, cells }): [number, number] => [
        neighbours,
        cells.find((cell) => cell.design === design)?.p50 ?? Number.NaN,
      ]),
    }));
    return lines(className, all, '');
  });
  return section(
    'Neighbours grow, the victim stays as it is',
    'p50 in milliseconds; both axes logarithmic.',
    `<div class="panels">${panels.join('')}</div>`,
  );
}

/** Returns the page. */
export function toPage(results: Results): string {
  const { machine, scale, seed, date, minutes, documents, tenants, command } = results;
  const all = targets(results);
  const [goal, rest] = [tables(results).at(-1) as Table, tables(results).slice(0, -1)];
  const settings = Object.entries(machine.settings).map(([name, value]) => `${name} ${value}`);
  const facts = [
    `${date}, ${minutes.toFixed(1)} minutes, ${scale.name} run, seed ${seed}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}`,
    `PostgreSQL ${machine.postgres}, pgvector ${machine.pgvector}, PgBouncer ${machine.pgbouncer}, ` +
      `Node ${machine.node}, ragwall ${machine.ragwall}; ${machine.engine}`,
    settings.join(', '),
    results.limitChoice,
  ];
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ragwall: benchmark</title><style>${style}</style>
<h1>Ragwall: benchmark</h1>
<p>${all.filter(({ hit }) => hit).length} of ${all.length} targets hit. ${documents.toLocaleString('en-GB')} documents
of ${tenants.toLocaleString('en-GB')} tenants at first, made by seed: 1536 dimensions, 300 topics shared by all tenants, each
with 40 directions of decaying variance (participation ratio about 25) and noise. The client runs on the machine of
the server unless it was given by URL.</p>
<p class="facts">${facts.map(escaped).join('<br>')}</p>
${toHtml(goal)}
${times(results)}
${floods(results)}
${growing(results)}
<section><h2>The designs</h2><dl>${designs
    .map(({ name, about }) => `<dt>${escaped(name)}</dt><dd>${escaped(about)}</dd>`)
    .join('')}</dl></section>
${rest.map(toHtml).join('\n')}
<section><h2>Repeat it</h2><pre>${escaped(command)}</pre>
<p class="note">The same seed makes the same documents and queries. Compare ratios, not milliseconds: these are this
machine’s, on that day.</p></section>
</html>
`;
}
