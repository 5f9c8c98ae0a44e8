"""Programs that speak another company's published protocol with made-up data, for tests, benchmarks and the demo."""
