-- depends_on: {{ ref('stg_account') }}
{{ unified('account') }}
