"""What a night costs, measured: no part of the product."""
