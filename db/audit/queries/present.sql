-- What was released: read from a database that was just migrated, when the files of the audit are generated.
with
\ir ../facts/present-relations.sql
\ir ../facts/present.sql
select kind, parent, name, json_object_agg(property, value order by property collate "C")::text as properties
from present
group by kind, parent, name
order by kind collate "C", parent collate "C", name collate "C"
