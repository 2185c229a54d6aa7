"""Two strangers' conversations of twenty turns, written down before anybody tried the bot.

What they say is as it was written. What was right had to be agreed on in words that a test can
check: the article that is quoted, what is told, and above all what was, or was not, done.
"""
