{# One row per stream and key: the latest good state of what that source says of one thing. Partial records (a charge
   that names a resource) are merged field by field, the latest value that is there. References become entity ids
   within the connection that said them. `_from` tells, field by field, which of `_events` it came from;
   where it is null, all came from the first. #}
{% macro staged(entity) %}
{%- set fields = values_of(entity) -%}
{%- set following = follows() -%}
{%- set any_partial = is_so("select count(*) > 0 from " ~ source('meta', 'mappings') ~ " where partial and entity = '" ~ entity ~ "'") -%}
with living as (
    select stream, entity_key, event_id, seq, row, stale, newest
    from {{ source('identities', entity ~ '_living') }} as standing
    {%- if following %}
    where exists (select 1 from {{ source('changed', entity) }} as c where c.stream = standing.stream and c.entity_key = standing.entity_key)
    {%- endif %}
),
live as (
    select e.*, m.stream, m.connection, m.partial, l.newest, l.stale,
           {'event_id': e.event_id, 'landing': e.landing, 'row': e.row, 'mapping': e.mapping} as event
    from {{ source('events', entity) }} as e
    join living as l on l.event_id = e.event_id{% if following %} and l.seq = e.seq and l.row = e.row{% endif %}
    join {{ source('meta', 'mappings') }} as m on m.mapping = e.mapping
),
whole as (
    select connection, stream, entity_key
        {%- for f in fields %}, {{ f.column }}{% endfor %}, extras, seq as _seq, stale as _stale, [event] as _events,
        null::utinyint[] as _from
    from live
    where not partial and newest
),
{%- if any_partial %}
gathered as (
    select connection, stream, entity_key
        {%- for f in fields %},
        arg_max({{ f.column }}, (seq, row)) as {{ f.column }},
        arg_max(event, (seq, row)) filter ({{ f.column }} is not null) as event_{{ f.position }}{% endfor %},
        arg_max(extras, (seq, row)) as extras, max(seq) as _seq, bool_or(stale) as _stale, arg_max(event, (seq, row)) as newest
    from live
    where partial
    group by connection, stream, entity_key
),
listed as (
    select *, {{ told_of(fields) }} as _events
    from gathered
),
merged as (
    select connection, stream, entity_key
        {%- for f in fields %}, {{ f.column }}{% endfor %}, extras, _seq, _stale, _events,
        [{% for f in fields %}case when event_{{ f.position }} is not null then list_position(_events, event_{{ f.position }})::utinyint end{{ ", " if not loop.last }}{% endfor %}] as _from
    from listed
),
both_kinds as (select * from whole union all select * from merged)
{%- else %}
both_kinds as (select * from whole)
{%- endif %}
select s.connection, s.stream, s.entity_key
    {%- for f in fields %}
    {%- if f.type == 'ref' %}, r{{ f.position }}.entity_id as {{ f.column }}, s.{{ f.column }} as {{ adapter.quote(f.name ~ '_source') }}
    {%- else %}, s.{{ f.column }}{% endif %}{% endfor %},
    s.extras, s._seq, s._stale, s._events, s._from
from both_kinds as s
{%- for f in fields if f.type == 'ref' %}
left join {{ source('identities', f.target ~ '_references') }} as r{{ f.position }}
    on r{{ f.position }}.connection = s.connection and r{{ f.position }}.value = trim(s.{{ f.column }})
{%- endfor %}
{% endmacro %}
