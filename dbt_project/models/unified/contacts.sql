-- depends_on: {{ ref('stg_contact') }}
{{ unified('contact') }}
