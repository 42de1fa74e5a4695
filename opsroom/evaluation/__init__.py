"""What the product decides, held against examples that others wrote. Nothing here reads the answer before it judges."""
