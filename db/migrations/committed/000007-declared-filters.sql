--! Previous: sha1:8d1f9f2621979e5b0a5e23b89fd17c8fa95b8a9e
--! Hash: sha1:df1add62e1b7fa7ed1c4705a889f9a89405279af
--! Message: declared-filters

-- Fields whose ranges are found by an index in the search tables. All other conditions are found by one GIN index.

do $$ begin perform ragwall.begin_migration(7); end $$;

set local role ragwall_owner;

create table ragwall_search.filter_fields (
  field text collate "C" primary key check (octet_length(field) between 1 and 200) check (left(field, 1) <> '$')
);

comment on table ragwall_search.filter_fields is
  'The fields of metadata that search tables have an index of their values for. Of all tenants; nobody but the owner '
  'has a privilege on it.';
comment on column ragwall_search.filter_fields.field is 'The name of the field, 1 to 200 bytes.';

do $$ begin perform ragwall.forget_statistics('ragwall_search.filter_fields'); end $$;

-- Not by the order of jsonb, which compares texts by the collation of the database. A path does by code points. Of one
-- expression without a select, so that the planner takes it in the place of the call, which takes ten times as long.
create function ragwall_search.range_key(value jsonb)
  returns text
  language sql
  immutable
  parallel safe
  return case jsonb_typeof(value)
    -- The bytes of a positive double are in its order, those of a negative one against it.
    when 'number' then case
      when value::numeric < 0 then 'm' || translate(encode(float8send((case
        when value::numeric < -(10::numeric ^ 300) then -(10::numeric ^ 300)
        when value::numeric > -(10::numeric ^ -300) then 0
        else value::numeric
      end)::double precision), 'hex'), '0123456789abcdef', 'fedcba9876543210')
      else 'n' || encode(float8send((case
        when value::numeric > 10::numeric ^ 300 then 10::numeric ^ 300
        when value::numeric < 10::numeric ^ -300 then 0
        else value::numeric
      end)::double precision), 'hex')
    end
    when 'string' then 's' || left(value #>> '{}', 64)
    when 'array' then '~'
  end;

comment on function ragwall_search.range_key(jsonb) is
  'Returns a value as a text whose order, byte by byte, is its order: m and 16 hexadecimal digits for a number below '
  '0, n and 16 for another, s and the first 64 characters for a text, so different values can have the same; ~ for a '
  'list, which has to be looked into; null for anything else.';

create function ragwall_search.range_condition(filter jsonb, fields text[])
  returns text
  language plpgsql
  immutable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
declare
  key text;
  wanted jsonb;
  op text;
  value jsonb;
  bound text;
  range text;
  condition text := '';
begin
  for key, wanted in select e.key, e.value from jsonb_each(filter) as e loop
    if key = '$and' then
      select condition || string_agg(ragwall_search.range_condition(e, fields), '') into condition
      from jsonb_array_elements(wanted) as e;
    end if;
    continue when key <> all (fields) or jsonb_typeof(wanted) <> 'object';
    range := '';
    for op, value in
      select e.key, e.value from jsonb_each(wanted) as e where e.key in ('$gt', '$gte', '$lt', '$lte')
      union all
      select b.op, wanted -> '$between' -> b.at from (values ('$gte', 0), ('$lte', 1)) as b (op, at)
      where wanted ? '$between'
    loop
      bound := ragwall_search.range_key(value);
      -- Within the values of its type.
      range := range || format(
        case when op like '$g%' then ' and %1$s between %2$L and %3$L' else ' and %1$s between %4$L and %2$L' end,
        format('ragwall_search.range_key(s.metadata -> %L) collate "C"', key), bound,
        case jsonb_typeof(value) when 'number' then 'o' else 't' end,
        case jsonb_typeof(value) when 'number' then 'm' else 's' end
      );
    end loop;
    if range <> '' then
      condition := condition || format(
        ' and (%s or ragwall_search.range_key(s.metadata -> %L) collate "C" = %L)',
        substr(range, 6), key, '~'
      );
    end if;
  end loop;
  return condition;
end
$$;

comment on function ragwall_search.range_condition(jsonb, text[]) is
  'Returns a condition in SQL that all rows s of a search table fulfil that fit a filter, for its indexes, '
  'beginning with and; an empty text if there is none. fields: those that the search table has an index for. filter: '
  'one that filter_path() accepts. For search_table().';

grant execute on function ragwall_search.range_key(jsonb), ragwall_search.range_condition(jsonb, text[])
  to ragwall_search;

create function ragwall_search.index_ranges(relation name, fields text[])
  returns text[]
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
declare
  declared constant text[] := array(select f.field from ragwall_search.filter_fields as f order by f.field);
  field text;
begin
  foreach field in array declared loop
    if field <> all (fields) then
      execute format(
        'create index on ragwall_search.%I ((ragwall_search.range_key(metadata -> %L) collate "C"))', relation, field
      );
    end if;
  end loop;
  return array(select unnest(fields) union select unnest(declared) order by 1);
end
$$;

comment on function ragwall_search.index_ranges(name, text[]) is
  'Gives a search table an index for each declared field that it has none for, and returns those that it has then. '
  'fields: those that it has.';

create function ragwall.declare_filter(field text)
  returns void
  language plpgsql
  volatile
  parallel unsafe
  security invoker
  set search_path = pg_catalog, pg_temp
as $$
begin
  if (octet_length(field) between 1 and 200 and field not like '$%') is not true then
    raise exception 'the name of a field is expected to be 1 to 200 bytes, and not to begin with $'
      using errcode = 'RW305';
  end if;
  insert into ragwall_search.filter_fields (field) values (field) on conflict do nothing;
end
$$;

comment on function ragwall.declare_filter(text) is
  'Declares that ranges of a field of metadata are searched for ($gt, $gte, $lt, $lte, $between): search tables get an '
  'index of its values by the next ragwall index. Changes no document and no answer. field: a field of the metadata '
  'itself, 1 to 200 bytes. Raises RW305 otherwise. For members of ragwall_owner.';

create function ragwall.undeclare_filter(field text)
  returns void
  language plpgsql
  volatile
  parallel unsafe
  security invoker
  set search_path = pg_catalog, pg_temp
as $$
begin
  delete from ragwall_search.filter_fields as f where f.field = undeclare_filter.field;
end
$$;

comment on function ragwall.undeclare_filter(text) is
  'Takes declare_filter() back: a search table that is built from then on has no such index. For members of '
  'ragwall_owner.';

create function ragwall.index_search_table()
  returns text
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := ragwall.require_tenant();
  entry ragwall_search.directory;
begin
  -- While the row is locked, catch_up() returns without waiting, so nobody waits for the index.
  select s.* into entry from ragwall_search.directory as s where s.tenant_id = tenant for update;
  if entry.relation is null then
    return 'no search table';
  end if;
  update ragwall_search.directory as s
  set ranges = ragwall_search.index_ranges(entry.relation, entry.ranges)
  where s.tenant_id = tenant;
  return 'indexed';
end
$$;

comment on function ragwall.index_search_table() is
  'Gives the search table of the bound tenant an index for each declared field that it has none for. Searches and '
  'writes go on. Raises RW001 if no tenant is bound. For members of ragwall_owner. Security definer: it runs as the '
  'owner, who is bound by the policies.';

reset role;
