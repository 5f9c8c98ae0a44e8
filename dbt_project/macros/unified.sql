{# One row per thing, whichever sources tell of it. Per field the source with the highest priority wins, then the
   latest that has a value. The key's column is the entity id; the source's own key stands beside it. #}
{% macro unified(entity) %}
{%- set fields = values_of(entity) -%}
{%- set key = key_of(entity) -%}
{%- set any_joined = is_so("select count(*) > 0 from " ~ source('identities', entity ~ '_shared')) -%}
{{ config(pre_hook="{{ forget('" ~ entity ~ "_things', key_of('" ~ entity ~ "').column, 'entity_id') }}") }}
with things as (
    select stream, entity_key, entity_id, label, rank
    from {{ source('identities', entity) }}
    {%- if is_incremental() %}
    where entity_id in (select entity_id from {{ source('changed', entity ~ '_things') }})
    {%- endif %}
),
records as (
    select s.*, i.entity_id, i.rank, i.label as ordinal, m.priority
    from {{ ref('stg_' ~ entity) }} as s
    join things as i on i.stream = s.stream and i.entity_key = s.entity_key
    join {{ source('meta', 'mappings') }} as m on m.stream = s.stream and m.entity = '{{ entity }}'
),
alone as (
    select entity_id, ordinal, entity_key
        {%- for f in fields %}, {{ f.column }}{% if f.type == 'ref' %}, {{ adapter.quote(f.name ~ '_source') }}{% endif %}{% endfor %},
        extras, _stale, _seq, _events, _from
    from records
    {%- if any_joined %}
    where entity_id not in (select entity_id from {{ source('identities', entity ~ '_shared') }})
    {%- endif %}
),
{%- if any_joined %}
gathered as (
    select entity_id, min(ordinal) as ordinal, arg_min(entity_key, rank) as entity_key
        {%- for f in fields %}
        {%- set there = adapter.quote(f.name ~ '_source') if f.type == 'ref' else f.column %},
        arg_max_null({{ f.column }}, (priority, _seq, -rank)) filter ({{ there }} is not null) as {{ f.column }},
        {% if f.type == 'ref' %}arg_max({{ there }}, (priority, _seq, -rank)) as {{ there }},{% endif %}
        arg_max(_events[coalesce(_from[{{ f.position }}], 1)], (priority, _seq, -rank)) filter ({{ there }} is not null) as event_{{ f.position }}{% endfor %},
        arg_max(extras, (priority, _seq, -rank)) as extras, bool_or(_stale) as _stale, max(_seq) as _seq,
        arg_max(_events[1], (priority, _seq, -rank)) as newest
    from records
    where entity_id in (select entity_id from {{ source('identities', entity ~ '_shared') }})
    group by entity_id
),
listed as (
    select *, {{ told_of(fields) }} as _events
    from gathered
),
together as (
    select entity_id, ordinal, entity_key
        {%- for f in fields %}, {{ f.column }}{% if f.type == 'ref' %}, {{ adapter.quote(f.name ~ '_source') }}{% endif %}{% endfor %},
        extras, _stale, _seq, _events,
        [{% for f in fields %}case when event_{{ f.position }} is not null then list_position(_events, event_{{ f.position }})::utinyint end{{ ", " if not loop.last }}{% endfor %}] as _from
    from listed
),
everything as (select * from alone union all select * from together)
{%- else %}
everything as (select * from alone)
{%- endif %}
select ordinal as _ordinal, entity_id as {{ key.column }}, entity_key as {{ adapter.quote(key.name ~ '_source') }},
    * exclude (entity_id, ordinal, entity_key)
from everything
{% endmacro %}
