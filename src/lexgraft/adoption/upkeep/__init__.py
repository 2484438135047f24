"""What an option costs to set up and to keep: measured quantities, the user's figures, chance."""
