"""From facts to a decision: the policy's rules, their conditions and deadlines."""
