/** The notations by which a renderer makes links, pictures and tags, and how far the text of a stream is free of open ones. */

/** Up to this many characters belong to a link's text, a tag or a citation. */
export const longest = 1_000;

/**
 * Where an address begins within a word: CommonMark's destinations, GFM's autolinks, and what other renderers link. A
 * word ends at a space, a tab or a line break; GFM takes everything else into an address.
 */
export const beginning =
  /[a-z][a-z0-9+.-]{0,30}:[\\/]{2}|[\\/]{2}(?=.)|www\.(?=.)|\b(?:https?|ftp|file|mailto|xmpp|tel|sms|javascript|vbscript|data|blob):(?=[\\/%&\p{L}\p{N}])|(?<=\]\()(?!\))/iu;
/** What linkify-it, which markdown-it uses, takes for a letter of a host name. Marks of code, deletion and tables end the second kind. */
const letter = String.raw`[^\p{P}\p{Z}\p{Cc}<>\uff5c]`;
const label = String.raw`[^\p{P}\p{Z}\p{Cc}<>\uff5c\x60~|]`;
/** An e-mail address from its @ on; what some renderer takes for its beginning is the group. */
export const email = new RegExp(
  String.raw`(?<=([!#-'*-;=?A-Z^-~][!-'*-;=?A-Z^-~]{0,200}))@(?:\[IPv6:|(?:${letter}|[-_])+(?:\.(?:${letter}|[-_])+)+)`,
  'giu',
);
const topLevel =
  'a[c-gil-oq-uwxz]|b[abd-jm-or-tvwyz]|c[acdf-ik-oru-z]|d[ejkmoz]|e[cegr-u]|f[i-kmor]|g[abd-il-np-uwy]|h[kmnrtu]|i[del-oq-t]|j[emop]|k[eg-imnprwyz]|l[a-cikr-vy]|m[ac-eghk-z]|n[ace-gilopruz]|o[m]|p[ae-hk-nr-twy]|q[a]|r[eosuw]|s[a-eg-ort-vx-z]|t[cdf-hj-ortvwz]|u[agksyz]|v[aceginu]|w[fs]|y[et]|z[amw]|' +
  'biz|com|edu|gov|net|org|pro|web|xxx|aero|asia|coop|info|museum|name|shop|рф|xn--[a-z0-9-]{1,59}';
/** A host name without a scheme, with its path. The top level domains are those that linkify-it knows. */
export const host = new RegExp(
  String.raw`(?<!${label}|-)(?:(?:${label}|-){1,63}\.){1,20}(?:${topLevel})(?!${label}|-)(?::\d{1,5}(?!\d))?(?:[/?#][^ \t\r\n]*)?`,
  'giu',
);
/** Whether letters stand before an index that some renderer takes for the beginning of the name there. */
export const mayBeLonger = (text: string, index: number) => !/(?:^|[\p{P}\p{Z}\0])[`|]*$/u.test(text.slice(0, index));
export const entity = /&(?:#|[a-z][a-z0-9]{1,31};)/i;
export const escaped = /\\([!-/:-@[-`{-~])/g;

/** An open or closing tag as CommonMark defines it, on one line; with what may hold a script or text, only if it is empty. */
const attributes = `(?:[ \\t]+[a-z_:][\\w.:-]*(?:[ \\t]*=[ \\t]*(?:[^\\s"'=<>\`]+|'[^'<>\`\\r\\n]*'|"[^"<>\`\\r\\n]*"))?)*[ \\t]*\\/?>`;
const holding = 'script|style|textarea|title|xmp|iframe|noembed|noframes|noscript|plaintext|template|select|svg|math';
export const tag = new RegExp(
  `(?<!\\\\)<(?:(${holding})${attributes}</\\1>|(?!\\/?(?:${holding})\\b)(?:\\/[a-z][a-z0-9-]*[ \\t]*>|[a-z][a-z0-9-]*${attributes}))`,
  'gi',
);
export const autolink = /(?<!\\)<([a-z][a-z0-9+.-]{1,31}:[^\s<>`]*|[\w.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+)>/gi;
/** A link or a picture with a text that nothing else can begin in, so that every renderer takes it for one. */
export const link = /(?<![\\\]])\[([^[\]\\`<>|\r\n]{0,1000})\]\(([^\s<>()`]*(?:\([^\s<>()`]*\)[^\s<>()`]*)*)\)/g;
/** A code span on one line, in which nothing becomes an address. */
export const code = /(?<![`\\])`([^`|\r\n]+)`(?!`)/g;
/** Text in which each code span ends on the line, and in the cell of a table, in which it began. */
export const closed = /^(?:[^`\\]|\\[^`]|(`+)[^`|\r\n]+\1(?!`))*$/;
/** `[label]: address` at the start of a line, perhaps in quotes and lists, which makes every `[label]` a link. */
const labelled = String.raw`(?:^|[\r\n])[ \t>*+\-\d.)]*\[(?:\\[\s\S]|[^[\]\\])*`;
export const definition = new RegExp(
  `${labelled}\\]:[ \\t]*(?:(?:\\r\\n?|\\n)[ \\t>]*)?(<[^\\r\\n]*|[^ \\t\\r\\n]+(?=[ \\t]*(?:[\\r\\n]|$)|[ \\t]+["'(]))`,
  'g',
);
/** A note at the foot, in which a definition may stand. */
export const footnote = /(?:^|[\r\n])[ \t>*+\-\d.)]*\[\^(?:\\[\s\S]|[^[\]\\])*\]:/;

/** What may go on after white space, a bracket, a tag, code, a definition; and the text behind it with which it cannot end. */
const unfinished: readonly (readonly [open: RegExp, broken: RegExp])[] = [
  [/[[【［](?:\\[\s\S]|[^[\]【】［］\\])*$/, /^[^[\]【】［］]*[[【［]/],
  [/<[a-z/!?][^<>\r\n]*$/i, /^[^<>\r\n]*[<\r\n]/],
  [/(?<![`\\])`[^`|\r\n]*$/, /^[^`|\r\n]*[|\r\n]/],
  [new RegExp(`${labelled}\\]:[ \\t]*(?:(?:\\r\\n?|\\n)[ \\t>]*)?(?:<[^\\r\\n]*|[^ \\t\\r\\n]+[ \\t]*)?$`), /(?!)/],
];

/**
 * Returns the index from which on the end of a text may become a citation or an address when more text follows: the
 * start of its last word, or of an open bracket, tag, code span or definition before it.
 *
 * @param from nothing before this index is looked at again.
 */
export function openFrom(text: string, from: number): number {
  const wordAt = (index: number) => {
    let start = index;
    while (start > from && !/[ \t\r\n]/.test(text[start - 1] as string)) start -= 1;
    return start;
  };
  let end = wordAt(text.length);
  for (let rounds = 0; rounds < 50; rounds += 1) {
    const before = text.slice(Math.max(0, end - longest), end);
    const behind = text.slice(end, end + longest);
    const starts = unfinished.flatMap(([open, broken]) => {
      const found = broken.test(behind) ? null : open.exec(before);
      return found ? [end - before.length + found.index + found[0].search(/[[【［<`]/)] : [];
    });
    const start = wordAt(Math.min(end, ...starts.filter((start) => start >= from)));
    if (start === end) return end;
    end = start;
  }
  return from;
}

export const blankLine = /(?:\r\n|\r(?!\n)|\n)[ \t]*[\r\n]/;

/** Returns what a later check has to know of a text: its last paragraph, or if that is long its last line after an open code span. */
export function contextOf(text: string): string {
  const paragraph = text.split(blankLine).at(-1) ?? '';
  const [line = ''] = /[^\r\n]*$/.exec(paragraph) ?? [];
  return paragraph.length <= longest ? paragraph : line.length <= longest ? `\`\n${line}` : 'x`';
}
