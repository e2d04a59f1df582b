"""What the tests share: a real kernel, the cards it sends, the cases of the corpus."""
