"""What a verdict sets off outside: webhooks, carried out by an outbox worker."""
