"""The supervisors' control room: figures, decision log, rules, articles, offers to approve."""
