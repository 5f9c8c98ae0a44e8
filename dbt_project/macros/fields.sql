{# Which fields an entity has is read at run time from the work file, so that one manifest serves all tenants. #}
{% macro fields_of(entity) %}
  {%- set found = [] -%}
  {%- if execute -%}
    {%- for row in run_query("select field, position, type, coalesce(target, '') as target from " ~ source('meta', 'fields') ~ " where entity = '" ~ entity ~ "' order by position") -%}
      {%- do found.append({'name': row[0], 'column': adapter.quote(row[0]), 'position': row[1], 'type': row[2], 'target': row[3]}) -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(found) }}
{% endmacro %}

{# The key's column, and every other field in its order. #}
{% macro key_of(entity) %}{{ return((fields_of(entity) | selectattr('position', 'equalto', 0) | list | first) or {'name': 'key', 'column': 'key'}) }}{% endmacro %}
{% macro values_of(entity) %}{{ return(fields_of(entity) | rejectattr('position', 'equalto', 0) | list) }}{% endmacro %}

{# Whether the work file is a copy of the version before, of which only what changed is made anew. #}
{% macro follows() %}{{ return(is_so("select count(*) > 0 from duckdb_schemas() where database_name = '" ~ target.database ~ "' and schema_name = 'changed'")) }}{% endmacro %}

{# The answer to a yes-or-no question about the work file: what does not occur in it is left out of the SQL. #}
{% macro is_so(question) %}{{ return(execute and run_query(question).rows[0][0]) }}{% endmacro %}
