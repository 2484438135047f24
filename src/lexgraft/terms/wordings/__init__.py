"""How things are said in a language: GROWS, one data file each for tests, lessons and prompts."""
