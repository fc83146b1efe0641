"""The steps, oldest first by their ``down_revision``. A step that has been released is final."""
