"""From events to outputs: rules, patterns and pins."""
