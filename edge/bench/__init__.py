"""``vigil bench``: what a frame costs on this device, by stage and network, beside what it costs elsewhere."""
