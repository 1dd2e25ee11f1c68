/** Breaks of the tenant context: what a seal is over, what fits it, what may be a tenant, what a session may carry. */
import { type Rule, within } from './bodies-rule.js';

const nothing = "'\\x'::bytea";
const comparison = /RETURN [\s\S]*/;
const residue = "if residue = ''";

export const contextRules: readonly Rule[] = [
  ...within(/\.seal\(/, [
    ['the seal leaves out the backend', /int4send\(pg_backend_pid\(\)\)/, nothing],
    ['the seal leaves out the transaction', /timestamptz_send\(transaction_timestamp\(\)\)/, nothing],
    ['the seal leaves out the tenant', / \|\| tenant\)/, " || '')"],
    ['the seal leaves out the expiry', /\(expires \|\| ' '::text\)/, "' '::text"],
    ['the seal does not separate the expiry from the tenant', /\(expires \|\| ' '::text\)/, 'expires'],
    ['the seal leaves out the outer key', /\(outer_key(?= \|\|)/, `(${nothing}`],
    ['the seal leaves out the inner key', /\(inner_key(?= \|\|)/, `(${nothing}`],
    ['the seal is of the statement', /transaction_timestamp\(\)/, 'statement_timestamp()'],
    ['the seal is of the day', /transaction_timestamp\(\)/, "date_trunc('day', transaction_timestamp())"],
  ]),
  ...within(/\.is_seal\(/, [
    ['any seal fits', comparison, 'return true'],
    [
      'the start of a seal fits',
      comparison,
      "return ragwall_private.seal(inner_key, outer_key, tenant, substr(claimed, 65)) like left(claimed, 8) || '%'",
    ],
    ['a seal in capitals fits', /convert_to\(claimed, /, 'convert_to(lower(claimed), '],
  ]),
  ...within(/current_tenant\(/, [
    ['its expiry is not compared', /substr\(claimed, 65\) = ''/, 'true'],
    ['it expires with the transaction', /clock_timestamp\(\)/, 'transaction_timestamp()'],
    ['an empty setting counts', /nullif\((.*), ''\)/, '$1'],
  ]),
  ...within(/is_tenant_id\(/, [
    ['a tenant id with more before it passes', /'\^/, "'"],
    ['a tenant id with more behind it passes', /\$'/, "'"],
    ['a tenant id of no letters passes', /\{1,/, '{0,'],
    ['a tenant id of 129 letters passes', /,128\}/, ',129}'],
    ['a tenant id with spaces passes', /\[!-~\]/, '[ -~]'],
    ['a tenant id with control characters passes', /\[!-~\]/, '[!-\\x7f]'],
    ['a tenant id with letters outside ASCII passes', /\[!-~\]/, '[^\\s[:cntrl:]]'],
  ]),
  ...within(/\.bind\(/, [
    ['a setting stays on the session', /(set_config\('app\.[\s\S]*?), true\)/, '$1, false)'],
    ['residue is not refused', /perform ragwall_private\.refuse_residue\(\);/, ''],
    ['temporary objects pass', /pg_my_temp_schema\(\) <> 0\s+or /, ''],
    ['residue is not looked for', /exists \(select from pg_\w+\(\)( where \w+)?\)/, 'false'],
    ['whatever is bound is taken for the tenant', /if bound <> tenant then/, 'if false then'],
    ['another tenant follows one that has expired', /if is_bound then/, 'if ragwall.current_tenant() is not null then'],
    ['a later token does not prolong the binding', / >= expires::bigint/, ' > 0'],
    ['an earlier token shortens the binding', / >= expires::bigint/, ' < 0'],
    ['a token shortens a binding by name', /then substr\(claimed, 65\) = ''/, 'then false'],
    ['a binding by name does not prolong that of a token', /then substr\(claimed, 65\) = ''/, 'then true'],
  ]),
  ...within(/refuse_residue\(/, [
    ['residue is not found', /case when (?=pg_my_temp|exists)/, 'case when false and '],
    ['nothing that is left is residue', /if residue = ''/, 'if true'],
    ['any role may say that residue is allowed', /s\.setrole = 0/, 'true'],
    ['any database may say that residue is allowed', /and s\.setdatabase = \([^)]*\)\)/, ''],
    [
      'a client may say that residue is allowed',
      /if residue = ''/,
      `${residue} or current_setting('ragwall.residue', true) = 'allow'`,
    ],
    ['everybody is exempt like a superuser', /select r\.rolsuper/, 'select true'],
  ]),
];
