"""What a hostile machine may try against a node, one module a surface. See scripts/attack."""
