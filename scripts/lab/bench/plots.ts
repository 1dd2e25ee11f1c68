/** Plots as inline SVG: bars and lines, on logarithmic scales where they span decades. */

export const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

const text = (x: number, y: number, content: string, attributes = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped(content)}</text>`;

/** Maps a range to a range of pixels, and says where its round numbers are. */
function scaleOf(low: number, high: number, from: number, to: number, log: boolean) {
  const f = log ? Math.log10 : (x: number) => x;
  const at = (x: number) => from + ((f(x) - f(low)) / (f(high) - f(low))) * (to - from);
  const ticks: number[] = [];
  if (log) {
    const steps = high / low > 300 ? [1] : high / low > 20 ? [1, 3] : [1, 2, 5];
    for (let e = Math.floor(f(low)); e <= f(high); e += 1) {
      for (const step of steps) {
        const tick = step * 10 ** e;
        if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
      }
    }
  } else {
    for (let i = 0; i <= 4; i += 1) ticks.push(low + ((high - low) * i) / 4);
  }
  return { at, ticks };
}

export interface Bar {
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
export function bars(
  groups: readonly { readonly title: string; readonly bars: readonly Bar[] }[],
  { log, unit, max }: { readonly log: boolean; readonly unit: string; readonly max?: number },
): string {
  const values = groups.flatMap((group) =>
    group.bars.flatMap((bar) => [bar.value, bar.before ?? bar.value]),
  );
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
        parts.push(
          `<rect x="${left}" y="${y + 2}" width="${wide}" height="14" class="before ${bar.kind}"/>`,
        );
      }
      const [top, height] = bar.before === undefined ? [y + 2, 14] : [y + 5, 8];
      const wide = length(bar.value).toFixed(1);
      parts.push(
        `<rect x="${left}" y="${top}" width="${wide}" height="${height}" class="${bar.kind}"/>`,
      );
      const end = left + Math.max(length(bar.value), length(bar.before ?? bar.value));
      parts.push(text(end + 6, y + 13, bar.caption));
      y += row;
    }
    y += 10;
  }
  const grid = ticks.map(
    (tick) =>
      `<line x1="${at(tick)}" x2="${at(tick)}" y1="16" y2="${y - 8}" class="grid"/>` +
      text(at(tick), 10, `${Number(tick.toPrecision(3))}${unit}`, 'text-anchor="middle" class="tick"'),
  );
  return `<svg viewBox="0 0 780 ${y}" role="img">${grid.join('')}${parts.join('')}</svg>`;
}

export interface Line {
  readonly label: string;
  readonly kind: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** One panel of lines, both axes logarithmic. */
export function lines(title: string, all: readonly Line[], unit: string): string {
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
      text(
        40,
        y.at(tick) + 4,
        `${Number(tick.toPrecision(3))}${unit}`,
        'text-anchor="end" class="tick"',
      ),
    );
  }
  for (const tick of xs) {
    const label = tick >= 1e6 ? `${tick / 1e6}M` : `${tick / 1000}k`;
    parts.push(text(x.at(tick), high - 19, label, 'text-anchor="middle" class="tick"'));
  }
  parts.push(
    text((wide - 38) / 2, high - 4, 'neighbours’ documents', 'text-anchor="middle" class="tick"'),
  );
  // Labels at the lines' ends, pushed apart where they would overlap.
  const ends = all
    .map((line) => ({ line, at: y.at(line.points.at(-1)?.[1] ?? 1) }))
    .sort((a, b) => a.at - b.at);
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
