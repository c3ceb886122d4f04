"""From a detector's raw output to boxes on the picture. Import each part from its module; nothing is imported here."""
