"""How fast and how many requests are sent, and what happens while the PBX is away."""
