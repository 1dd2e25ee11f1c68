/** Altered tokens and keys, and how the database answers each. */
import type { Session } from './engine/session.js';

/** A signing key of the database, and a function that tries tokens. */
export interface TokenTrial {
  /** As `ragwall.add_signing_key()` returned it. */
  readonly jwk: string;
  /** Returns for each token, tried by itself, BOUND and the tenant, or the SQLSTATE and all fields of the error. */
  attempt(tokens: readonly (string | null)[]): Promise<{ readonly code: string; readonly answer: string }[]>;
  end(): Promise<void>;
}

export async function tryTokens({ app, admin }: Session, kid: string): Promise<TokenTrial> {
  const jwk = await admin(async (sql) => {
    await sql`
      create function tests.try_tokens(tokens text[]) returns table (code text, answer text)
      language plpgsql as $$
      declare
        token text;
        tenant text;
        detail text;
        hint text;
        context text;
      begin
        foreach token in array tokens loop
          begin
            tenant := ragwall.set_tenant_from_token(token);
            raise exception '%', tenant using errcode = 'BOUND';
          exception when others then
            get stacked diagnostics
              detail = pg_exception_detail, hint = pg_exception_hint, context = pg_exception_context;
            code := sqlstate;
            answer := concat_ws(chr(10), sqlerrm, detail, hint, split_part(context, chr(10) || 'PL/pgSQL', 1));
            return next;
          end;
        end loop;
      end
      $$`;
    await sql`grant execute on function tests.try_tokens(text[]) to public`;
    const [row] = await sql`select ragwall.add_signing_key(${kid}) as jwk`;
    return row?.jwk;
  });
  return {
    jwk,
    async attempt(tokens) {
      // Encoding as UTF-8 turns halves of surrogate pairs into U+FFFD, as the driver does.
      const json = JSON.stringify(tokens.map((token) => token && Buffer.from(token).toString()));
      return [
        ...(await app<{ code: string; answer: string }[]>`
          select * from tests.try_tokens(array(select jsonb_array_elements_text(${json}::text::jsonb)))`),
      ];
    },
    end: () =>
      admin(async (sql) => {
        await sql`drop function tests.try_tokens(text[])`;
        await sql`select ragwall.retire_signing_key(${kid})`;
      }),
  };
}

/** Tokens that differ from one in one place, and others that a lenient parser would take for it. */
export function* alterations(token: string): Generator<string> {
  for (let at = 0; at < token.length; at += 1) {
    const [before, here, after] = [token.slice(0, at), token.charCodeAt(at), token.slice(at + 1)];
    for (let bit = 0; bit < 7; bit += 1) {
      if (here !== 1 << bit) yield before + String.fromCharCode(here ^ (1 << bit)) + after;
    }
    yield before;
    yield before + after;
    yield token.slice(at + 1);
    for (const more of ['A', '.', '=', ' ', '\n', '\u200b', '%']) yield before + more + token.slice(at);
  }
  for (const more of ['=', '==', '\n', '\r\n', ' ', '\t', '.', '..', 'A', `.${token}`, '\ud800', '"', "'"]) {
    yield token + more;
    yield more + token;
  }
  const [header = '', payload = '', mac = ''] = token.split('.');
  for (const parts of [
    [header, payload],
    [header, header, mac],
    [payload, header, mac],
    [header, mac, payload],
  ]) {
    yield parts.join('.');
  }
  yield [header, payload, payload, mac].join('.');
  yield [header, payload, mac, mac].join('.');
  yield [header, payload, ''].join('.');
  yield [header, payload, Buffer.from(mac, 'base64url').toString('base64')].join('.');
  yield [header, payload, Buffer.from(mac, 'base64url').toString('hex')].join('.');
  yield token.toUpperCase();
  yield `Bearer ${token}`;
  yield token.repeat(4);
  yield 'A'.repeat(1_000_000);
}
