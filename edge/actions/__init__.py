"""From events to outputs: rules, patterns and pins.

In: `Event`s.  `Rules.actions_for` turns each into instructions, `Outputs.perform` carries them out and reports
every change of a command as an `Action`; `Outputs.tick` keeps the patterns moving.
"""
