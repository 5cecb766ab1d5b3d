"""Questions and their answers: selectors, the rows or records that answer them, and the arithmetic on top."""
