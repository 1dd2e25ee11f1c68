--! Previous: sha1:89bbd2025bf1123a094aeb843f72d1cc3e2100f0
--! Hash: sha1:8d1f9f2621979e5b0a5e23b89fd17c8fa95b8a9e
--! Message: filters

-- Filters of metadata. A filter becomes one jsonpath, and that alone decides which documents fit: of a search, of a
-- deletion, and in a search table, whose indexes only find candidates.

do $$ begin perform ragwall.begin_migration(6); end $$;

set local role ragwall_owner;

-- A path nests as deep as there are parts in a row. Thousands would not fit into the stack.
create function ragwall.join_conditions(parts text[], operator text)
  returns text
  language plpgsql
  immutable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
begin
  if cardinality(parts) <= 100 then
    return array_to_string(parts, operator);
  end if;
  return (
    select string_agg('(' || array_to_string(parts[n : n + 99], operator) || ')', operator)
    from generate_series(1, cardinality(parts), 100) as n
  );
end
$$;

comment on function ragwall.join_conditions(text[], text) is
  'Returns conditions of a jsonpath as one, a hundred of them to a pair of parentheses. operator: && or ||. For '
  'filter_condition() and field_condition().';

-- Keys and values come into the path as JSON literals, which a path reads as such. Each comparison stands in exists(),
-- so what cannot be compared does not fit, and its negation does. Of a list, exists() looks at each element. What is
-- negated stands in exists(), too: of !(a && !b), a GIN index of Postgres wants b, and misses what fits without it.
create function ragwall.field_condition(field text, wanted jsonb, level integer)
  returns text
  language plpgsql
  immutable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
declare
  item constant text := '@.' || to_jsonb(field)::text;
  start constant text := 'exists(' || item || ' ? (@.type() != "array" && (';
  sign constant jsonb := '{"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}';
  key text;
  value jsonb;
  test text;
  bounds text[] := '{}';
  parts text[] := '{}';
begin
  if jsonb_typeof(wanted) = 'array' then
    if exists (select from jsonb_array_elements(wanted) as e where jsonb_typeof(e) = 'array') then
      raise exception 'the filter has a list in a list, at "%"', left(field, 60)
        using errcode = 'RW108', hint = 'A list is expected to hold texts, numbers, true, false, null and objects.';
    elsif octet_length(field) * jsonb_array_length(wanted) > 100000 then
      raise exception 'the filter has a list that is too long, at "%"', left(field, 60)
        using errcode = 'RW108', hint = 'The length of a list times the bytes of its field''s name is expected to be '
          'at most 100000. $in, which takes one of a list, has no such limit.';
    end if;
    -- As @> has it: a list with each of these, in any order.
    parts := array[item || '.type() == "array"'] || array(
      select start || case jsonb_typeof(e)
        when 'object' then '@.type() == "object" && ' || ragwall.filter_condition(e, level + 1)
        else '@ == ' || e::text
      end || ')))'
      from jsonb_array_elements(wanted) as e
    );
    return ragwall.join_conditions(parts, ' && ');
  elsif jsonb_typeof(wanted) <> 'object' then
    return start || '@ == ' || wanted::text || ')))';
  elsif not exists (select from jsonb_object_keys(wanted) as k where k like '$%') then
    return start || '@.type() == "object" && ' || ragwall.filter_condition(wanted, level + 1) || ')))';
  end if;

  for key, value in select e.key, e.value from jsonb_each(wanted) as e loop
    if not key = any ('{$eq,$ne,$gt,$gte,$lt,$lte,$in,$nin,$between,$exists,$not}') then
      raise exception 'the filter has an unknown operator, "%", at "%"', left(key, 60), left(field, 60)
        using errcode = 'RW107', hint = 'A field takes $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $between, $exists '
          'and $not; a filter takes $and, $or and $not.';
    end if;
    if (case
      when key in ('$eq', '$ne') then jsonb_typeof(value) in ('object', 'array')
      when key = '$exists' then jsonb_typeof(value) <> 'boolean'
      when key = '$not' then false
      when key in ('$in', '$nin', '$between') then jsonb_typeof(value) <> 'array'
        or exists (select from jsonb_array_elements(value) as e where jsonb_typeof(e) in ('object', 'array'))
        or key = '$between' and array(select jsonb_typeof(e) from jsonb_array_elements(value) as e)
          not in ('{number,number}', '{string,string}')
      else jsonb_typeof(value) not in ('number', 'string')
    end) then
      raise exception 'the filter has a value that % does not take, at "%"', key, left(field, 60)
        using errcode = 'RW108', hint = '$gt, $gte, $lt and $lte take a number or a text; $between takes two numbers '
          'or two texts, in a list; $in and $nin take a list; $exists takes true or false; $eq and $ne take a text, a '
          'number, true, false or null.';
    end if;
    if key in ('$gt', '$gte', '$lt', '$lte') then
      bounds := bounds || format('@ %s %s', sign ->> key, value);
    elsif key = '$between' then
      bounds := bounds || format('@ >= %s && @ <= %s', value -> 0, value -> 1);
    else
      test := case
        when key = '$exists' then 'exists(' || item || ')'
        when key = '$not'
          then 'exists(@ ? (' || ragwall.filter_condition(jsonb_build_object(field, value), level + 1) || '))'
        when key in ('$eq', '$ne') then start || '@ == ' || value::text || ')))'
        when value = '[]' then '1 == 0'
        else start || ragwall.join_conditions(
          array(select '@ == ' || e::text from jsonb_array_elements(value) as e), ' || '
        ) || ')))'
      end;
      parts := parts || case
        when key in ('$ne', '$nin', '$not') or key = '$exists' and value = 'false' then '!(' || test || ')' else test
      end;
    end if;
  end loop;
  -- One element of a list has to fit all bounds.
  if bounds <> '{}' then
    parts := parts || (start || array_to_string(bounds, ' && ') || ')))');
  end if;
  return array_to_string(parts, ' && ');
end
$$;

comment on function ragwall.field_condition(text, jsonb, integer) is
  'Returns the part of a jsonpath that a field has to fit. field: its name. wanted: what the filter has for it. level: '
  'how deep in the filter. Raises RW107 for an unknown operator, RW108 for a value that an operator does not take. For '
  'filter_condition().';

create function ragwall.filter_condition(filter jsonb, level integer)
  returns text
  language plpgsql
  immutable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
declare
  key text;
  value jsonb;
  parts text[] := '{}';
begin
  if jsonb_typeof(filter) is distinct from 'object' then
    raise exception 'the filter is expected to be a JSON object, or null for none'
      using errcode = 'RW105', hint = 'A filter names fields: {"year": {"$gte": 2026}}. $and and $or take a list of '
        'filters, $not takes one.';
  end if;
  if level > 8 then
    raise exception 'the filter has more than 8 levels'
      using errcode = 'RW108', hint = 'Each $and, $or, $not and object within another is a level.';
  end if;
  for key, value in select e.key, e.value from jsonb_each(filter) as e loop
    if key in ('$and', '$or') then
      if jsonb_typeof(value) <> 'array' or jsonb_array_length(value) not between 1 and 1000 then
        raise exception 'the filter has a value that % does not take', key
          using errcode = 'RW108', hint = '$and and $or take a list of 1 to 1000 filters.';
      end if;
      parts := parts || ('(' || ragwall.join_conditions(
        array(select '(' || ragwall.filter_condition(e, level + 1) || ')' from jsonb_array_elements(value) as e),
        case key when '$and' then ' && ' else ' || ' end
      ) || ')');
    elsif key = '$not' then
      parts := parts || ('!exists(@ ? (' || ragwall.filter_condition(value, level + 1) || '))');
    elsif key like '$%' then
      raise exception 'the filter has an unknown operator, "%"', left(key, 60)
        using errcode = 'RW107', hint = 'A filter takes names of fields, $and, $or and $not.';
    else
      parts := parts || ragwall.field_condition(key, value, level);
    end if;
  end loop;
  return case when parts = '{}' then '1 == 1' else ragwall.join_conditions(parts, ' && ') end;
end
$$;

comment on function ragwall.filter_condition(jsonb, integer) is
  'Returns the condition of a jsonpath that says what a filter says. level: how deep in the filter it stands, from 1. '
  'Raises RW105 if it is no object, RW107 for an unknown operator, RW108 for a value that an operator does not take or '
  'more than 8 levels. For filter_path().';

create function ragwall.filter_path(filter jsonb)
  returns jsonpath
  language plpgsql
  immutable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
begin
  if octet_length(filter::text) > 65536 then
    raise exception 'the filter has more than 65536 bytes'
      using errcode = 'RW108', hint = 'Search once for each part of a long list, or store what the list stands for.';
  end if;
  return ('$ ? (' || ragwall.filter_condition(filter, 1) || ')')::jsonpath;
end
$$;

comment on function ragwall.filter_path(jsonb) is
  'Returns a filter as a jsonpath: metadata @? filter_path(filter) is true of the documents that fit it. filter: a '
  'JSON object of at most 65536 bytes; what it says is in docs/filters.md. Raises RW105 if it is null or no object, '
  'RW107 for an unknown operator, RW108 for a value that an operator does not take, and for more than 8 levels or '
  '65536 bytes.';

grant execute on function ragwall.filter_path(jsonb), ragwall.filter_condition(jsonb, integer),
  ragwall.field_condition(text, jsonb, integer), ragwall.join_conditions(text[], text)
  to app_user, app_reader, agent_reader, ragwall_search;

reset role;
