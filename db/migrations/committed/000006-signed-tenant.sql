--! Previous: sha1:1ec12a429a796370729c94792e00c1564f9bd0e7
--! Hash: sha1:407a067e396ca815922ac9f619ece0eac11782ac
--! Message: signed-tenant

-- Signed mode: who is asking is what a short-lived token says, and SQL cannot forge one.

grant create on schema ragwall to ragwall_context;

set local role ragwall_context;

create table ragwall_private.signing_key (
  header text collate "C" primary key,
  kid text collate "C" not null check (kid ~ '^[A-Za-z0-9._-]{1,64}$'),
  audience text collate "C" not null check (audience ~ '^[!-~]{1,200}$'),
  inner_pad bytea not null check (octet_length(inner_pad) = 64),
  outer_pad bytea not null check (octet_length(outer_pad) = 64),
  created_at timestamptz not null default now()
);

comment on table ragwall_private.signing_key is
  'The keys that tokens are signed with, a row for each way to write a token''s header. Whoever reads them '
  'can become any tenant.';
comment on column ragwall_private.signing_key.header is
  'The first segment of a token, exactly: alg HS256, this kid, and typ JWT or none, in one of their orders.';
comment on column ragwall_private.signing_key.kid is 'The name of the key: 1 to 64 letters, digits, dots, - and _.';
comment on column ragwall_private.signing_key.audience is 'What the claim aud must be: this database.';
comment on column ragwall_private.signing_key.created_at is 'Since when its tokens are accepted.';
comment on column ragwall_private.signing_key.inner_pad is 'The key, exclusive or 0x36 in 64 bytes (RFC 2104).';
comment on column ragwall_private.signing_key.outer_pad is 'The key, exclusive or 0x5c in 64 bytes (RFC 2104).';

-- Enabled and not forced, as for the key of the seals.
alter table ragwall_private.signing_key enable row level security;

create function ragwall_private.pad(key bytea, mask integer)
  returns bytea
  language sql
  immutable
  parallel safe
begin atomic
  select string_agg(
    set_byte('\x00', 0, (case when i < octet_length(key) then get_byte(key, i) else 0 end) # mask),
    '' order by i
  )
  from generate_series(0, 63) as i;
end;

comment on function ragwall_private.pad(bytea, integer) is
  'A key of at most 64 bytes, filled with zeros, exclusive or a mask of one byte in each: a pad of HMAC-SHA256.';

create function ragwall_private.base64url(bytes bytea)
  returns text
  language sql
  immutable
  parallel safe
  return translate(encode(bytes, 'base64'), E'+/=\n', '-_');

comment on function ragwall_private.base64url(bytea) is 'Bytes as base64url without padding (RFC 4648, section 5).';

-- The key is drawn here, because a secret in a statement ends up in logs and statistics; an answer does not.
create function ragwall.add_signing_key(kid text, audience text)
  returns text
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  key constant bytea := ragwall_private.random_bytes();
  spelling text;
begin
  if (kid ~ '^[A-Za-z0-9._-]{1,64}$' and audience ~ '^[!-~]{1,200}$') is not true then
    raise exception 'a name of 1 to 64 letters, digits, dots, - and _ is expected, and an audience of 1 to 200 '
      'printable ASCII characters without spaces'
      using errcode = 'RW401';
  end if;
  if exists (select from ragwall_private.signing_key as k where k.kid = kid) then
    raise exception 'there is a signing key of this name already'
      using errcode = 'RW402', hint = 'Give the new one another name, sign with it, then retire the old one.';
  end if;
  foreach spelling in array array[
    '{"alg":"HS256","kid":"%s"}', '{"kid":"%s","alg":"HS256"}',
    '{"alg":"HS256","kid":"%s","typ":"JWT"}', '{"alg":"HS256","typ":"JWT","kid":"%s"}',
    '{"typ":"JWT","alg":"HS256","kid":"%s"}', '{"typ":"JWT","kid":"%s","alg":"HS256"}',
    '{"kid":"%s","alg":"HS256","typ":"JWT"}', '{"kid":"%s","typ":"JWT","alg":"HS256"}'
  ] loop
    insert into ragwall_private.signing_key (header, kid, audience, inner_pad, outer_pad)
    values (
      ragwall_private.base64url(convert_to(format(spelling, kid), 'UTF8')),
      kid, audience, ragwall_private.pad(key, 54), ragwall_private.pad(key, 92)
    );
  end loop;
  return json_build_object(
    'kty', 'oct', 'alg', 'HS256', 'kid', kid, 'aud', audience, 'k', ragwall_private.base64url(key)
  );
end
$$;

comment on function ragwall.add_signing_key(text, text) is
  'Draws a key of 256 bits that set_tenant_from_token() accepts from now on, beside those that are there, and '
  'returns it, this once, as a JWK (RFC 7517) with the audience as aud. Keep it where the application keeps its '
  'secrets. kid: its name, 1 to 64 letters, digits, dots, - and _. audience: this database among others that '
  'tokens may be for, 1 to 200 printable ASCII characters, no spaces. Raises RW401 for an ill-formed argument, '
  'RW402 for a name that is taken. For superusers and ragwall_context.';

create function ragwall.add_signing_key(kid text)
  returns text
  language sql
  volatile
  parallel unsafe
  return ragwall.add_signing_key(kid, 'ragwall:' || current_database());

comment on function ragwall.add_signing_key(text) is
  'add_signing_key(kid, audience) with ''ragwall:'' and the name of the database as audience.';

create function ragwall.retire_signing_key(kid text)
  returns void
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  delete from ragwall_private.signing_key as k
  where k.kid = kid;
  if not found then
    raise exception 'there is no signing key of this name'
      using errcode = 'RW403', hint = 'select * from ragwall.signing_keys() lists them.';
  end if;
end
$$;

comment on function ragwall.retire_signing_key(text) is
  'Deletes a key: from the next statement on no token that it signed is accepted. Raises RW403 if there is none. '
  'For superusers and ragwall_context.';

create function ragwall.signing_keys()
  returns table (kid text, audience text, created_at timestamptz)
  language sql
  stable
  parallel safe
begin atomic
  select distinct k.kid, k.audience, k.created_at
  from ragwall_private.signing_key as k
  order by k.created_at, k.kid;
end;

comment on function ragwall.signing_keys() is
  'The keys that are accepted, oldest first, without their secrets. For superusers and ragwall_context.';

-- Nothing of a token is parsed before its MAC has been compared, and the key is found by the exact header: no
-- other algorithm and no other key can be asked for. The comparison is of canonical texts, hashed with a key
-- once more: one signature has one spelling, and the timing tells nothing.
create function ragwall.set_tenant_from_token(token text)
  returns text
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  signed constant text := case when octet_length(token) <= 1200
    then substring(token from '^([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]{43}$') end;
  key ragwall_private.signing_key;
  blind bytea;
  claims jsonb;
  at constant numeric := extract(epoch from clock_timestamp());
begin
  if signed is not null then
    select k.* into key from ragwall_private.signing_key as k where k.header = split_part(token, '.', 1);
    select s.outer_key into blind from ragwall_private.seal_key as s where s.only_row;
  end if;
  if key.header is null
    or blind is null
    or sha256(blind || convert_to(split_part(token, '.', 3), 'UTF8'))
      <> sha256(blind || convert_to(ragwall_private.base64url(
        sha256(key.outer_pad || sha256(key.inner_pad || convert_to(signed, 'UTF8')))
      ), 'UTF8'))
  then
    raise exception 'the token is not accepted'
      using errcode = 'RW005', hint = 'Expected: a JWT by HS256, its header with alg, kid and no more than typ, '
        'signed with a key of ragwall.signing_keys().';
  end if;

  begin
    claims := convert_from(decode(
      translate(split_part(token, '.', 2), '-_', '+/') || repeat('=', -length(split_part(token, '.', 2)) & 3), 'base64'
    ), 'UTF8');
  exception when data_exception then
    claims := null;
  end;
  if (
    claims ->> 'aud' = key.audience
    and jsonb_typeof(claims -> 'aud') = 'string'
    and jsonb_typeof(claims -> 'tenant_id') = 'string'
    and ragwall.is_tenant_id(claims ->> 'tenant_id')
    and case
      when jsonb_typeof(claims -> 'iat') = 'number' and jsonb_typeof(claims -> 'exp') = 'number'
      then (claims ->> 'iat')::numeric <= at + 5
        and (claims ->> 'exp')::numeric > at
        and (claims ->> 'exp')::numeric <= (claims ->> 'iat')::numeric + 300
        and case jsonb_typeof(coalesce(claims -> 'nbf', '0'))
          when 'number' then coalesce((claims ->> 'nbf')::numeric, 0) <= at + 5
          else false
        end
      else false
    end
  ) is not true then
    raise exception 'the token is authentic, and not valid here and now'
      using errcode = 'RW006', hint = 'Expected: tenant_id, aud as in ragwall.signing_keys(), iat and exp at most 300 '
        'seconds apart, and clocks that agree: iat may be 5 seconds ahead.';
  end if;
  return ragwall_private.bind(claims ->> 'tenant_id');
end
$$;

comment on function ragwall.set_tenant_from_token(text) is
  'Binds to this transaction the tenant that a token names, and returns it. token: a JWT by HS256 (RFC 7519), signed with '
  'a key of signing_keys(); claims tenant_id, aud, iat, exp, and nbf if need be, at most 300 seconds from iat to exp. '
  'Raises RW005 unless a key signed it, RW006 if its claims are not valid here and now, RW003 if another '
  'tenant is bound, RW007 if the session carries what somebody left on it. '
  'Security definer: it reads the keys.';

grant execute on function ragwall.set_tenant_from_token(text)
  to app_user, app_reader, agent_reader, agent_caller;

reset role;
revoke create on schema ragwall from ragwall_context;
