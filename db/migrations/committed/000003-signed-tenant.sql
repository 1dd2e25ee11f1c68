--! Previous: sha1:e88dda6ee5fef6651aa72b2546bfad99d1ec2007
--! Hash: sha1:f34fdfac0036ed113cd5410863c08dbe9abd5529
--! Message: signed-tenant

-- Signed mode: the tenant is the one that a short-lived token names, and SQL cannot forge a token.

do $$ begin perform ragwall.begin_migration(3); end $$;
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
  'The keys that tokens are signed with: eight rows each, one for each way to write the header. Who can read them can '
  'bind any tenant.';
comment on column ragwall_private.signing_key.header is
  'The first segment of a token: base64url of alg (HS256), this kid, and typ (JWT) or no typ, in one of the orders.';
comment on column ragwall_private.signing_key.kid is 'The name of the key: 1 to 64 letters, digits, dots, - and _.';
comment on column ragwall_private.signing_key.audience is
  'What the claim aud of a token has to be: the name of this database among others that tokens are made for.';
comment on column ragwall_private.signing_key.created_at is 'When the key was added.';
comment on column ragwall_private.signing_key.inner_pad is 'The key, exclusive or 0x36 in 64 bytes (RFC 2104).';
comment on column ragwall_private.signing_key.outer_pad is 'The key, exclusive or 0x5c in 64 bytes (RFC 2104).';

-- Without a policy and not forced, like seal_key.
alter table ragwall_private.signing_key enable row level security;

-- A transaction with an old snapshot does not see that a row was deleted. A sequence has no versions.
create sequence ragwall_private.retired_at;
comment on sequence ragwall_private.retired_at is 'When a key was retired last: microseconds since 1970.';

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
  'Returns a pad of HMAC-SHA256 (RFC 2104): the key, zeros up to 64 bytes, each exclusive or the mask, 0 to 255.';

create function ragwall_private.base64url(bytes bytea)
  returns text
  language sql
  immutable
  parallel safe
  return translate(encode(bytes, 'base64'), E'+/=\n', '-_');

comment on function ragwall_private.base64url(bytea) is
  'Returns bytes as base64url without padding (RFC 4648, section 5). Null for null.';

-- The key is made here, not passed as an argument: statements are written to logs and to pg_stat_statements, and
-- results are not.
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
    raise exception 'the name of a key is expected to be 1 to 64 letters, digits, dots, - and _, and its audience '
      '1 to 200 printable ASCII characters without spaces'
      using errcode = 'RW401';
  end if;
  if exists (select from ragwall_private.signing_key as k where k.kid = kid) then
    raise exception 'there is already a signing key of this name'
      using errcode = 'RW402', hint = 'Give the new key another name, sign with it, then retire the old key.';
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
  'Makes a key of 256 bits and returns it as a JWK (RFC 7517), whose member aud is the audience. It is returned only '
  'once: store it with the secrets of the application. set_tenant_from_token() accepts its tokens from now on, and '
  'still those of older keys. kid: the name of the key, 1 to 64 letters, digits, dots, - and _. audience: what the '
  'claim aud of tokens has to be, a name of this database among others that tokens are made for, 1 to 200 printable '
  'ASCII characters without spaces. Raises RW401 if an argument is null or ill-formed, RW402 if there is a key of this '
  'name. For superusers and ragwall_context.';

create function ragwall.add_signing_key(kid text)
  returns text
  language sql
  volatile
  parallel unsafe
  return ragwall.add_signing_key(kid, 'ragwall:' || current_database());

comment on function ragwall.add_signing_key(text) is
  'Calls add_signing_key(kid, audience) with the audience ragwall: followed by the name of the database. Returns and '
  'raises what that does. For superusers and ragwall_context.';

create function ragwall.retire_signing_key(kid text)
  returns void
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  perform setval('ragwall_private.retired_at', ceil(extract(epoch from clock_timestamp()) * 1000000)::bigint);
  delete from ragwall_private.signing_key as k where k.kid = kid;
  if not found then
    raise exception 'there is no signing key of this name'
      using errcode = 'RW403', hint = 'select * from ragwall.signing_keys() lists them.';
  end if;
end
$$;

comment on function ragwall.retire_signing_key(text) is
  'Deletes a signing key. Once this is committed, no token that it signed is accepted. What they have bound stays '
  'bound until they expire. kid: its name. Raises RW403 for null and other names. For superusers and ragwall_context.';

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
  'Returns the signing keys, oldest first, without their secrets. For superusers and ragwall_context.';

-- Nothing of a token is parsed before its signature has been verified. The key is looked up by the whole header, so a
-- token can choose neither another algorithm nor the way in which a key is found. A signature is compared as text:
-- it has one canonical spelling, so no token can be varied. Both texts are hashed with a key before they are
-- compared, so the time of the comparison discloses nothing.
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
  began constant numeric := extract(epoch from transaction_timestamp());
begin
  -- Keys are looked up in the snapshot of the transaction, which can be older than the retirement of a key. The five
  -- seconds are for one that began while a retirement was being committed.
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable')
    and (at > began + 5 or pg_sequence_last_value('ragwall_private.retired_at') >= began * 1000000)
  then
    raise exception 'in repeatable read and serializable a token is accepted in the first 5 seconds, if no key was '
      'retired since the transaction began'
      using errcode = 'RW009', hint = 'Begin again, or with isolation level read committed. The snapshot may have a '
        'key that was retired.';
  end if;
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
      using errcode = 'RW005', hint = 'Expected: a JWT signed by HS256 with a key of ragwall.signing_keys(), '
        'whose header has alg, kid and at most typ.';
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
          when 'number' then coalesce((claims ->> 'nbf')::numeric, 0) <= at + 5 else false end
      else false
    end
  ) is not true then
    raise exception 'the token is authentic, but not valid here and now'
      using errcode = 'RW006',
        hint = 'Expected: tenant_id, aud as in ragwall.signing_keys(), and iat and exp at most 300 '
        'seconds apart. iat and nbf may be at most 5 seconds ahead of the clock of the server.';
  end if;
  return ragwall_private.bind(claims ->> 'tenant_id', (floor((claims ->> 'exp')::numeric) + 5)::text);
end
$$;

comment on function ragwall.set_tenant_from_token(text) is
  'Verifies a token, binds the tenant that it names to this transaction until 5 seconds after its exp, and returns the '
  'tenant. A later token of the tenant prolongs the binding. token: a JWT (RFC 7519) of at most 1200 bytes, signed '
  'by HS256 with a key of signing_keys(), with tenant_id, aud, iat, exp and optionally nbf, at most 300 seconds from '
  'iat to exp. Raises RW005 if no key signed it or the key of the seals is missing; RW006 if its claims are not valid '
  'here and now; RW009 in repeatable read and serializable, if the transaction is over 5 seconds old or began before a '
  'key was retired; RW003 and RW007 as set_tenant() does. Security definer: it reads the keys.';

grant execute on function ragwall.set_tenant_from_token(text) to app_user, app_reader, agent_reader, agent_caller;

reset role;
revoke create on schema ragwall from ragwall_context;
