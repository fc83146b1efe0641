"""How the tables came to be, one step a file under ``versions``; run by `database.migrate`."""
