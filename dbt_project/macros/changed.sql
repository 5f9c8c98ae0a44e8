{# A table is brought up to date by deleting what changed and inserting it as it is now; at first it is made whole. #}
{% macro forget(changed, column, known_as) %}
{%- if is_incremental() %}
delete from {{ this }} where {{ column }} in (select {{ known_as }} from {{ source('changed', changed) }})
{%- endif %}
{% endmacro %}

{# The events that a row was made of, each once, the newest first. #}
{% macro told_of(fields) -%}
list_prepend(newest, list_sort(list_filter(list_distinct([{% for f in fields %}event_{{ f.position }}{{ ", " if not loop.last }}{% endfor %}]), lambda one: one is not null and one <> newest)))
{%- endmacro %}
