"""Messages to customers: templates, their rendering, and the lint that blocks what looks like phishing."""
