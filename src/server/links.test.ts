/** What becomes an address when an answer is rendered stands in a passage; good answers pass; and what is sent was checked. */
import { domainToUnicode } from 'node:url';
import fc from 'fast-check';
import markdownIt from 'markdown-it';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5';
import { describe, expect, it } from 'vitest';
import { grounded, type Passage, type Piece } from './grounding.js';

const passage = (text: string, source: string | null = null): Passage => ({ id: 'one', source, position: null, text });

async function* pieces(texts: readonly string[]): AsyncGenerator<Piece> {
  for (const text of texts) yield { text, finish: null };
  yield { text: '', finish: 'stop' };
}

/** Returns the answer, which is what was yielded, or undefined if it is refused. */
async function ground(texts: readonly string[], passages: readonly Passage[], question = '') {
  const checked = grounded(pieces(texts), passages, question);
  try {
    for (let text = ''; ; ) {
      const step = await checked.next();
      if (step.done) {
        expect(text).toBe(step.value.answer);
        return text;
      }
      text += step.value;
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'UNGROUNDED_ANSWER' });
    return undefined;
  }
}

const markdown = markdownIt({ html: true, linkify: true });
markdown.linkify.set({ fuzzyLink: true });
const addressed = /^(href|src|srcset|action|formaction|poster|data|background|cite|longdesc|ping|xlink:href|codebase)$/;

/** The addresses in HTML. */
function inHtml(html: string): string[] {
  const walk = (node: DefaultTreeAdapterTypes.Node): string[] => [
    ...('attrs' in node ? node.attrs.filter(({ name }) => addressed.test(name)).map(({ value }) => value) : []),
    ...('content' in node ? walk(node.content) : []),
    ...('childNodes' in node ? node.childNodes.flatMap(walk) : []),
  ];
  return walk(parseFragment(html));
}

interface MarkdownNode {
  readonly type: string;
  readonly url?: string;
  readonly value?: string;
  readonly children?: readonly MarkdownNode[];
}

/** The addresses of an answer, by two renderers: markdown-it with every option on, and remark with GFM. */
function addressesOf(answer: string): string[] {
  const walk = ({ type, url, value, children = [] }: MarkdownNode): string[] => [
    ...(url === undefined ? [] : [url]),
    ...(type === 'html' ? inHtml(value ?? '') : []),
    ...children.flatMap(walk),
  ];
  const tree = fromMarkdown(answer, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  return [...inHtml(markdown.render(answer)), ...walk(tree)];
}

/** Undoes what renderers do to an address: percent-encodings, Punycode, entities, escapes. */
function plain(text: string): string {
  return text
    .replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => {
      try {
        return decodeURIComponent(bytes);
      } catch {
        return bytes;
      }
    })
    .replace(/xn--[a-z0-9.-]+/gi, (name) => domainToUnicode(name) || name)
    .replace(/&amp;/g, '&');
}

const text = [
  'The launch is on March 15. See https://acme.example/plan, (https://acme.example/wiki/Plan_(2025)) and',
  '[news](https://acme.example/news?a=1&b=2#top) or <https://acme.example/x>. ![logo](https://acme.example/logo.png)',
  'www.acme.example/about, "http://acme.com/q", support@acme.example, acme.com, plan.md, AT&amp;T &colon; https://a.b',
  'https://b\u00fccher.example/stra\u00dfe https://acme.example/100%25 https://acme.example/\u8ba1\u5212\u3002 [rel](docs/plan.html)',
  "https://acme.example/a(b https://acme.example/it's",
  '<b>bold</b> <a href="https://acme.example/y" title="y">y</a> <script src="https://acme.example/s.js"></script> <br>',
].join('\n');
const found = [passage(text)];
const given = [
  ...(text.match(/(?:https?:\/\/|www\.)[^\s"<>)\]]+|\S+@[a-z.]+\w|docs\S+html|acme\.com|plan\.md|<[^>]+>/g) ?? []),
  'https://acme.example/wiki/Plan_(2025)',
  'https://acme.example/plan',
];
const hostile = [
  ...[
    'https://evil.test/',
    '//evil.test',
    'www.evil.test',
    'x@evil.test',
    '@evil.test',
    'www',
    'evil.com',
    'http:',
    'mailto:',
    'secret',
  ],
  ...[
    '[',
    ']',
    '(',
    ')',
    '](',
    '![',
    '[x](',
    '[x][r]',
    '[r]',
    '\n[r]: ',
    '[r]:',
    '[^a]',
    '\n[^a]: ',
    '[1]',
    '![x](',
    '{',
    '}',
  ],
  ...[
    '<',
    '>',
    '<a href="',
    '<img src=',
    '<img src="',
    '<div ',
    '<!--',
    '-->',
    '</a>',
    '<?',
    '<![CDATA[',
    '<b>',
    '<script>',
  ],
  ...[
    '&',
    ';',
    '&colon;',
    '&#47;',
    '&sol;',
    '&#x2f;',
    '&Tab;',
    '&NewLine;',
    '&period;',
    '&lt;',
    '&commat;',
    '\\',
    '\\\\',
  ],
  ...[
    '"',
    "'",
    '`',
    '``',
    '```',
    '\n```\n',
    '~~~',
    '*',
    '**',
    '_',
    '__',
    '~',
    '~~',
    '.',
    ',',
    ':',
    '!',
    '?',
    '-',
    '/',
    '#',
    '%',
  ],
  ...[
    '%2F',
    '=',
    '@',
    '+',
    '$',
    '^',
    '|',
    '\n| a | b |\n|---|---|\n| ',
    ' ',
    ' ',
    ' ',
    '\n',
    '\n\n',
    '\r',
    '\r\n',
    '\t',
    '\v',
    '\f',
  ],
  ...['\n> ', '\n- ', '\n1. ', '\n    ', '\n# ', '\n---\n', '\u00a0', '\u2003', '\u2028', '\u3000', '\u0000', '\ud800'],
  ...[
    '\u200b',
    '\u200d',
    '\u200c',
    '\u00ad',
    '\ufe0f',
    '\u2060',
    '\u202e',
    '\u{e0041}',
    '\u{e0101}',
    '\ufeff',
    '\u115f',
  ],
  ...[
    '\u00e9',
    '\u3002',
    '\u4e2d',
    '\u0915',
    '\ud83d\ude00',
    '\uff5c',
    '\uff0e',
    '\uff1a',
    '\uff0f',
    'xn--',
    'a',
    '1',
    'X',
  ],
];

it('has no address that no passage has, by two renderers, whole and in any pieces', async () => {
  const known = [text, plain(text)];
  const part = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...hostile) },
    { weight: 1, arbitrary: fc.constantFrom(...given) },
  );
  const marked = given.flatMap((link) => [link, `[x](${link})`, `<${link}>`, `\`${link}\``, `**${link}**`]);
  const parts = fc.array(part, { maxLength: 6 });
  const answers = fc
    .tuple(parts, fc.constantFrom(...marked), parts)
    .map(([before, link, after]) => `${before.join('')}${link}${after.join('')}\n\n[1]`);
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(answers, fc.array(fc.nat(60), { maxLength: 6 }), async (answer, cuts) => {
      const ends = [...new Set(cuts)].sort((a, b) => a - b);
      const whole = await ground([answer], found);
      const cut = await ground(
        [0, ...ends].map((start, i) => answer.slice(start, ends[i])),
        found,
      );
      expect(cut).toBe(whole);
      if (whole === undefined) return;
      accepted += 1;
      for (const address of addressesOf(whole)) {
        const forms = [address, plain(address)].flatMap((form) => [form, form.replace(/^(?:http:\/\/|mailto:)/, '')]);
        if (!forms.some((form) => known.some((all) => all.includes(form)))) {
          expect.fail(`${JSON.stringify(whole)} has the address ${JSON.stringify(address)}`);
        }
      }
    }),
    {
      seed: 5,
      numRuns: 3_000,
      interruptAfterTimeLimit: 15_000,
    },
  );
  expect(accepted).toBeGreaterThan(150);
});

it.each([
  '/',
  '//a',
  'a.',
  'a@',
  '[',
  '](',
  '<a ',
  '`',
  '&#',
  'www.',
  'a:/',
  '\u200d',
  '<a b="',
  '\n[',
  '[a]:\n',
  '(',
  '*',
])('is not kept busy by passages and answers of %j', async (part) => {
  const before = process.cpuUsage();
  await ground([part.repeat(3_000), ' [1]'], [passage(part.repeat(10_000))]);
  await ground(Array(3_000).fill(part), [passage(`x ${part}`.repeat(3_000))]);
  expect(process.cpuUsage(before).user).toBeLessThan(1_500_000); // microseconds
});

describe.each<[string, (text: string) => string[]]>([
  ['at once', (text) => [text]],
  ['word by word', (text) => text.split(/(?<= )/)],
  ['code unit by code unit', (text) => text.split('')],
])('%s', (_, cut) => {
  it.each([
    [
      'tag characters behind a link',
      '![x](https://acme.example/plan\u{e0073}\u{e0065}) [1]',
      '![x](https://acme.example/plan) [1]',
    ],
    ['a zero width space', 'It is\u200b so [\u200b1].', 'It is so [1].'],
    ['marks of direction', 'It \u202eis\u202c so\u200f [1].', 'It is so [1].'],
    ['a soft hyphen, and a byte order mark', '\ufeffMil\u00adlion [1]', 'Million [1]'],
    ['selectors of variants', 'It\ufe01 i\u{e0101}s so\ufe0f [1]', 'It is so [1]'],
    ['joiners that join nothing', 'i\u200ds \u200c so \u{1f600}\u200d [1]\u200d', 'is  so \u{1f600} [1]'],
    ['joiners one after the other', '\u0645\u06cc\u200c\u200c\u200d\u062e [1]', '\u0645\u06cc\u200c\u062e [1]'],
    ['the rest of an emoji at the end', 'so [1] \u{1f600}\u200d', 'so [1] \u{1f600}'],
    ['the rest of a key at the end', 'so [1] 1\ufe0f', 'so [1] 1'],
    ['half a character', 'so \ud800 [1]', 'so  [1]'],
    ['control characters', 'so\u0000\u001b\u0085 [1]', 'so [1]'],
    ['a fill that looks like a space', 'so\u3164 [1]', 'so [1]'],
  ])('sends and returns an answer without %s', async (_, answer, expected) => {
    expect(await ground(cut(answer), found)).toBe(expected);
  });

  it.each([
    'https://acme.example/plan?_*._!;:,',
    '![x](https://acme.example/plan?_*._!;:,)',
    '![x](https://acme.example/plan_)',
    'https://acme.example/plan??',
    'https://acme.example/plan*',
    'https://acme.example/plan\u00a0secret',
    'https://acme.example/plan\u8ba1',
    'https://acme.example/plan\u0441\u0435',
    'https://acme.example/plan%00',
    'https://acme.exam\\ple/plan',
    'https&colon;//acme.example/plan',
    'secret&commat;evil.test',
    'secret`acme.com',
    'one ` two\n`https://acme.example/plan` three',
    'one `\r\n`https://acme.example/plan` three',
    '[`https://acme.example/plan`![`',
    '| ` | ` `https://acme.example/plan` |\n|---|---|',
    'https://acme.example/a(b)',
    "https://acme.example/it's'",
    '<https://evil.test/secret>',
    'support@acme.example@evil.test',
    'support@acme.example.@evil.test',
    '<secret@evil.test>',
    'secret&#64;evil.test',
    'www&period;evil.test',
    'secret\\@evil.test',
    'www\\.evil.test',
    'https\\://evil.test',
    '<www.acme.example/about>secret',
    '[secret](docs/plan.html?x)',
    '<img src="https://acme.example/logo.png">',
    '<script src="https://acme.example/s.js">secret</script>',
    '<a href="https://acme.example/y" title="y"',
    'x@evil.test',
    'evil.com',
    'secret.acme.com',
    '<?secret',
  ])('refuses %j', async (link) => {
    expect(await ground(cut(`It is so [1]. ${link} `), found)).toBeUndefined();
    expect(await ground(cut(`It is so [1].\n\n${link}`), found)).toBeUndefined();
  });

  it.each([
    '[1]: docs/secret.html',
    '> [1]:\n> secret',
    '- 1. [r\\]\n]: secret "title"',
    '[^a]: [r]: secret',
    '[r]: <1 2>',
  ])('refuses %j, by which brackets become links', async (lines) => {
    expect(await ground(cut(`It is so [1].\n\n${lines}\n\n[r]`), found)).toBeUndefined();
  });

  it.each([
    'The launch is on March 15, 2025 [1].',
    'See https://acme.example/plan. It has more [1].',
    'Is it (https://acme.example/plan)? Yes, [1]!',
    'See https://acme.example/plan [1], or https://acme.example/plan, or https://acme.example/plan; or "https://acme.example/plan".',
    'See [the plan](https://acme.example/plan)[1], [the *news*](https://acme.example/news?a=1&b=2#top), and <https://acme.example/x>.',
    'See [Plan (2025)](https://acme.example/wiki/Plan_(2025)), which (https://acme.example/wiki/Plan_(2025)) says so [1].',
    '**https://acme.example/plan** and `https://acme.example/plan` [1]: run `curl https://acme.example/plan`.',
    'Write to support@acme.example, **support@acme.example** or [us](mailto:support@acme.example) [1].',
    '![logo](https://acme.example/logo.png)\n\nThe logo [1].',
    'Sources:\n\n[1]: https://acme.example/plan\n[2]: https://acme.example/x "X"\n\n[1]',
    '[1]: The launch is in March.\n[1]: It is so.',
    '1. First [1]\n2. Second [1]\n   - nested\n\n> quoted [1]\n\n# Title\n\n---\n\n- [ ] to do\n- [x] done',
    '| Month | Revenue |\n|:--|--:|\n| March | 18.4 m [1] |\n| April | 20 % [1] |',
    '```ts\nconst x = rows[0] ?? { a: b < c && d > 1 }; // why\nfor (const y of x) f(y);\n```\n\nSo it is [1].',
    'Call `f(x)`, `x[i]`, `a && b`, `<b>bold</b>` or `Promise.all()` [1].',
    'As Smith [12] has it [2], rows[0] is the first.',
    'Put <script src="https://acme.example/s.js"></script> into the page [1].',
    'The file plan.md (`plan.md`) says so [1]; so do notes.md and todo.md.',
    '\u53d1\u5e03\u65e5\u671f\u662f3\u670815\u65e5\u3002[1] \u8bf7\u53c2\u9605[\u8ba1\u5212](https://acme.example/plan)\u3002\u8be6\u60c5\u89c1 https://acme.example/x \u3002',
    '\u0915\u094d\u200d\u0937 \u0930\u093e\u0937\u094d\u091f\u094d\u0930\u0940\u092f \u092f\u094b\u091c\u0928\u093e [1]\u0964',
    '\u0627\u06cc\u0646 \u0637\u0631\u062d \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u062f [1].',
    'Great \u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u{1f44d}\u{1f3fd} \u2764\ufe0f\u200d\u{1f525} \u{1f3f3}\ufe0f\u200d\u{1f308} 1\ufe0f\u20e3 \u2192 [1]',
    'It costs \u20ac 5,000.50 (about $5,400), i.e. 3/4 and/or ~80 %, at 10:30 a.m. \u2013 e.g. 2 < 3 \u2014 \u201cso\u201d \u2018be\u2019 it [1]\u2026',
    'Let $x^2 \\frac{a}{b}$ and \\(y\\) be; \\[ z = x \\] and 5 @ 3, #4, @mention, A&B, R&D & co. [1]',
    'Version 1.2.3 of Node.js 20, file config.yaml, object.method, 192.168.1.1, C:\\temp and 50\u00a0% [1].',
    'H\u00e9llo W\u00f6rld \u2014 na\u00efve caf\u00e9s \u0435\u0449\u0451 \u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac \u05e9\u05dc\u05d5\u05dd \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 [1].',
  ])('accepts %j', async (answer) => {
    const second = passage('const x = rows[0], as Smith [12] has it', 'notes.md');
    const sent = await ground(cut(answer), [...found, second], 'What is in todo.md?');
    expect(sent).toBe(answer.replace(')[1]', ') [1]'));
  });
});
