/** The results as one HTML page without references to other files: plots as inline SVG, tables, and the command to repeat it. */
import { range, ticks } from 'd3-array';
import { figureColumns, ms, type Table } from '../report.js';
import { designs } from './designs.js';
import { type Results, tables, targets } from './report.js';

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

const text = (x: number, y: number, content: string, attributes = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped(content)}</text>`;

/** Returns a function from a range to pixels, and the round numbers of the range. */
function scaleOf(low: number, high: number, from: number, to: number, log: boolean) {
  const f = log ? Math.log10 : (x: number) => x;
  const at = (x: number) => from + ((f(x) - f(low)) / (f(high) - f(low))) * (to - from);
  const steps = high / low > 300 ? [1] : high / low > 20 ? [1, 3] : [1, 2, 5];
  const powers = range(Math.floor(f(low)), f(high) + 1).flatMap((e) => steps.map((step) => step * 10 ** e));
  const inside = powers.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
  return { at, ticks: log ? inside : ticks(low, high, 4) };
}

interface Bar {
  readonly label: string;
  /** The CSS class of its colour. */
  readonly kind: string;
  readonly value: number;
  /** Drawn behind the value, paler: what it was before. */
  readonly before?: number;
  /** Written beside it. */
  readonly caption: string;
}

/** Horizontal bars in titled groups, on one scale. */
function bars(
  groups: readonly { readonly title: string; readonly bars: readonly Bar[] }[],
  { log, max }: { readonly log: boolean; readonly max?: number },
): string {
  const values = groups.flatMap((group) => group.bars.flatMap((bar) => [bar.value, bar.before ?? bar.value]));
  const low = log ? Math.min(...values.filter((x) => x > 0)) / 1.6 : 0;
  const high = max ?? Math.max(...values) * (log ? 1.15 : 1.05);
  const [left, right, row] = [220, 640, 19];
  const { at, ticks } = scaleOf(low, high, left, right, log);
  let y = 22;
  const parts: string[] = [];
  for (const group of groups) {
    parts.push(text(0, y + 13, group.title, 'class="group"'));
    y += row;
    for (const bar of group.bars) {
      const length = (value: number) => Math.max(1, at(Math.max(value, low)) - left);
      parts.push(text(left - 8, y + 13, bar.label, 'text-anchor="end"'));
      if (bar.before !== undefined) {
        const wide = length(bar.before).toFixed(1);
        parts.push(`<rect x="${left}" y="${y + 2}" width="${wide}" height="14" class="before ${bar.kind}"/>`);
      }
      const [top, height] = bar.before === undefined ? [y + 2, 14] : [y + 5, 8];
      const wide = length(bar.value).toFixed(1);
      parts.push(`<rect x="${left}" y="${top}" width="${wide}" height="${height}" class="${bar.kind}"/>`);
      const end = left + Math.max(length(bar.value), length(bar.before ?? bar.value));
      parts.push(text(end + 6, y + 13, bar.caption));
      y += row;
    }
    y += 10;
  }
  const grid = ticks.map(
    (tick) =>
      `<line x1="${at(tick)}" x2="${at(tick)}" y1="16" y2="${y - 8}" class="grid"/>` +
      text(at(tick), 10, `${Number(tick.toPrecision(3))}`, 'text-anchor="middle" class="tick"'),
  );
  return `<svg viewBox="0 0 780 ${y}" role="img">${grid.join('')}${parts.join('')}</svg>`;
}

interface Line {
  readonly label: string;
  readonly kind: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** One panel of lines, both axes logarithmic. */
function lines(title: string, all: readonly Line[]): string {
  const points = all.flatMap((line) => line.points);
  const xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
  const ys = points.map(([, y]) => y);
  const [wide, high] = [380, 250];
  const x = scaleOf(xs[0] ?? 1, Math.max(xs.at(-1) ?? 10, (xs[0] ?? 1) * 1.01), 46, wide - 84, true);
  const y = scaleOf(Math.min(...ys) / 1.5, Math.max(...ys) * 1.5, high - 36, 30, true);
  const parts = [text(46, 16, title, 'class="group"')];
  for (const tick of y.ticks) {
    parts.push(
      `<line x1="46" x2="${wide - 84}" y1="${y.at(tick)}" y2="${y.at(tick)}" class="grid"/>`,
      text(40, y.at(tick) + 4, `${Number(tick.toPrecision(3))}`, 'text-anchor="end" class="tick"'),
    );
  }
  for (const tick of xs) {
    const label = tick >= 1e6 ? `${tick / 1e6}M` : `${tick / 1000}k`;
    parts.push(text(x.at(tick), high - 19, label, 'text-anchor="middle" class="tick"'));
  }
  parts.push(text((wide - 38) / 2, high - 4, 'neighbours’ documents', 'text-anchor="middle" class="tick"'));
  // Labels at the lines' ends, pushed apart where they would overlap.
  const ends = all.map((line) => ({ line, at: y.at(line.points.at(-1)?.[1] ?? 1) })).sort((a, b) => a.at - b.at);
  for (const [i, end] of ends.entries()) {
    const above = ends[i - 1];
    if (above && end.at - above.at < 13) end.at = above.at + 13;
  }
  for (const { line, at } of ends) {
    const path = line.points.map(([px, py]) => `${x.at(px).toFixed(1)},${y.at(py).toFixed(1)}`);
    parts.push(`<polyline points="${path.join(' ')}" class="line ${line.kind}"/>`);
    for (const point of path) {
      const [cx, cy] = point.split(',');
      parts.push(`<circle cx="${cx}" cy="${cy}" r="3" class="${line.kind}"/>`);
    }
    parts.push(text(wide - 78, at + 4, line.label));
  }
  return `<svg viewBox="0 0 ${wide} ${high}" role="img" class="panel">${parts.join('')}</svg>`;
}

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
    bars(groups, { log: true }),
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
    bars(groups, { log: false, max: 1 }),
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
    return lines(className, all);
  });
  return section(
    'Neighbours grow, the victim stays as it is',
    'p50 in milliseconds; both axes logarithmic.',
    `<div class="panels">${panels.join('')}</div>`,
  );
}

/** Returns the page. */
export function toPage(results: Results): string {
  const { machine, scale, seed, minutes, documents, tenants, command } = results;
  const all = targets(results);
  const shown = tables(results);
  const [goal, rest] = [shown.at(-1) as Table, shown.slice(0, -1)];
  const settings = Object.entries(results.settings).map(([name, value]) => `${name} ${value}`);
  const facts = [
    `${machine.date}, ${minutes.toFixed(1)} minutes, ${scale.name} run, seed ${seed}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}`,
    `PostgreSQL ${machine.postgres}, pgvector ${machine.pgvector}, PgBouncer ${machine.pgbouncer ?? 'none'}, ` +
      `Node ${machine.node}, ragwall ${machine.commit}; PostgreSQL ${machine.server}`,
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
