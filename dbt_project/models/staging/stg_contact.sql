{{ staged('contact') }}
