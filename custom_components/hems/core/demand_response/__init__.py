"""Events that a grid operator or a demand-response script asks for, from request to end."""
