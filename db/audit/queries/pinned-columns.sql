-- ragwall.pinned_columns()
with recursive
\ir ../facts/pinned.sql
select indexrelid::regclass, attname from pinned_column
