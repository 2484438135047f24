"""Ask (resumable store), grade, compare (statistics), general ability."""
