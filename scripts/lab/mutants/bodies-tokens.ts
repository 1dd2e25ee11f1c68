/** Breaks of signed mode: what a token must be, and how keys are made. */
import { type Rule, within } from './bodies-rule.js';

const header = /k\.header = split_part\(token, '\.', 1\)/;
const expires = /\(claims ->> 'exp'\)::numeric > at\b/;
const lifetime = /\(claims ->> 'exp'\)::numeric <= \(claims ->> 'iat'\)::numeric \+ 300/;

export const tokenRules: readonly Rule[] = [
  ...within(/set_tenant_from_token\(/, [
    ['its audience is not compared', /claims ->> 'aud' = key\.audience/, 'true'],
    ['its audience may be a list', /jsonb_typeof\(claims -> 'aud'\) = 'string'/, 'true'],
    ['its tenant may be a number', /jsonb_typeof\(claims -> 'tenant_id'\) = 'string'/, 'true'],
    ['its tenant may be ill-formed', /ragwall\.is_tenant_id\(claims ->> 'tenant_id'\)/, 'true'],
    ['its iat may be a text', /jsonb_typeof\(claims -> 'iat'\) = 'number'/, 'true'],
    ['its exp may be a text', /jsonb_typeof\(claims -> 'exp'\) = 'number'/, 'true'],
    ['its nbf may be a text', /<= at \+ 5 else false(?= end)/, '<= at + 5 else true'],
    ['it may have no times', /else false(?=\n\s+end\n\s+\))/, 'else true'],
    ['it may be issued in the future', /\(claims ->> 'iat'\)::numeric <= at \+ 5/, 'true'],
    ['it may be issued half a minute ahead', /(?<='iat'\)::numeric <= at \+ )5/, '30'],
    ['it never expires', expires, 'true'],
    ['it expires late', expires, "(claims ->> 'exp')::numeric > at - 5"],
    ['it may live for long', lifetime, 'true'],
    ['it may live for 301 seconds', /(?<='iat'\)::numeric \+ )300\b/, '301'],
    ['its nbf is not compared', /coalesce\(\(claims ->> 'nbf'\)::numeric, 0\) <= at \+ 5/, 'true'],
    ['its signature is not compared', /or sha256\(blind \|\| convert_to[\s\S]*?(?=\bthen\b)/, ''],
    ['its signature may be half of an HMAC', /sha256\(key\.outer_pad \|\| ([\s\S]*?'UTF8'\)\))\)/, '$1'],
    ['its header may be any', header, 'true limit 1'],
    ['its header may be cut', header, "k.header like split_part(token, '.', 1) || '%' limit 1"],
    ['its key may be missing', /key\.header is null\s+or /, ''],
    ['the blind may be missing', /or blind is null/, ''],
    ['it may be long', /octet_length\(token\) <= 1200/, 'true'],
    ['its signature may be long', /\{43\}/, '{43,}'],
    ['it may have something before it', /'\^\(/, "'("],
    ['it may have something behind it', /\$'\) end/, "') end"],
    ['its audience is its tenant', /bind\(claims ->> 'tenant_id'/, "bind(claims ->> 'aud'"],
    ['what it binds does not expire', /\(floor\(.*\) \+ 5\)::text/, "''"],
    ['what it binds expires late', / \+ 5\)::text/, ' + 6)::text'],
    ['it is compared with keys of long ago', /began \+ 5/, 'began + 86400'],
    ['a key that was retired since is accepted', /or pg_sequence_last_value\([^)]*\) >= began \* 1000000/, ''],
    ['… in repeatable read', /'repeatable read', /, ''],
    ['… in serializable', /, 'serializable'/, ''],
    ['it is valid if it was when the transaction began', /(?<=from )clock_timestamp\(\)/, 'transaction_timestamp()'],
  ]),
  ...within(/random_bytes\(/, [['they are not random', /sha256\([\s\S]*\)/, "sha256('')"]]),
  ...within(/add_signing_key\(kid text, audience text\)/, [
    ['all keys are one', /:= ragwall_private\.random_bytes\(\)/, ":= sha256('')"],
    ['keys have 128 bits', /:= ragwall_private\.random_bytes\(\)/, ':= substr(ragwall_private.random_bytes(), 1, 16)'],
    ['the pads are one', /\(key, 92\)/, '(key, 54)'],
    ['a header without an algorithm is known', /\{"alg":"HS256","kid":"%s"\}/, '{"alg":"none","kid":"%s"}'],
  ]),
  ...within(/add_signing_key\(kid text\)/, [['the database is not named', /\(current_database\(\)\)::text/, "''"]]),
  ...within(/retire_signing_key\(/, [
    ['its time is not kept', /perform setval\([^;]*;/, ''],
    ['all keys are retired', /where k\.kid = kid/, 'where true'],
    ['no key is retired', /where k\.kid = kid/, 'where k.kid = kid and k.kid is null'],
  ]),
];
