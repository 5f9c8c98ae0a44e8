-- depends_on: {{ ref('stg_opportunity') }}
{{ unified('opportunity') }}
