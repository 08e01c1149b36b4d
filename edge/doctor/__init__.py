"""``vigil doctor``: what works on this device, and what to do about what doesn't.

In: a `Patient` (config, bundles, the device's file system).  Each check is one function that looks at one thing and
returns a `Finding`.  Out: a screen for a person, or JSON.
"""
