{{ staged('cloud_resource') }}
