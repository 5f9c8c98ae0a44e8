{{ staged('opportunity') }}
