"""Who is contacted, who is kept back by chance, and what the contact brought."""
