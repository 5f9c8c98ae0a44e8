{{ staged('cost_report') }}
