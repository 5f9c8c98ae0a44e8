-- depends_on: {{ ref('accounts') }}
-- depends_on: {{ ref('contacts') }}
-- depends_on: {{ ref('opportunities') }}
-- depends_on: {{ ref('cloud_resources') }}
-- depends_on: {{ ref('cost_reports') }}
{%- set metrics = run_query("select metric, plural, measure, condition, by_currency from " ~ source('meta', 'metrics') ~ " order by position") if execute else [] %}
with measured as (
    {%- for metric in metrics %}
    select '{{ metric[0] }}' as metric, {{ "currency" if metric[4] else "null::varchar" }} as currency,
        ({{ metric[2] }})::decimal(38,15) as value, count(*) as "rows"
    from {{ target.database }}.unified.{{ metric[1] }}
    where {{ metric[3] }}
    {{ "group by currency" if metric[4] }}
    {{ "union all" if not loop.last }}
    {%- else %}
    select null::varchar as metric, null::varchar as currency, null::decimal(38,15) as value, null::bigint as "rows" where false
    {%- endfor %}
)
select m.metric, m.label, m.entity, m.definition, m.unit, v.currency, v.value, v."rows"
from measured as v join {{ source('meta', 'metrics') }} as m on m.metric = v.metric
order by m.position, v.currency
