"""The session drives one shell: events in, rules asked, ledger kept, diagnostics out."""
