"""What a judge would see of releases that have not been made, out of a history that has."""
