-- depends_on: {{ ref('stg_cost_report') }}
{{ unified('cost_report') }}
