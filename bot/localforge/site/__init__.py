"""The pages that people see, and what their buttons do."""
