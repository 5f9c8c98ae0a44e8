-- depends_on: {{ ref('stg_cloud_resource') }}
{{ unified('cloud_resource') }}
