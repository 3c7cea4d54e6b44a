"""How ``evaluate`` measures: one module a protocol, each a step of its own."""
