"""Run by Rasa's own Python: what our components make of texts, as JSON lines.

Reads {"text", "metadata"?, "intent"?} from standard input, and writes {"tokens":
[[text, start, end, lemma]…], "entities": […], "intent", "ranking", "in_context"} for each.
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")

from rasa.shared.nlu.training_data.message import Message  # noqa: E402 - after the filter

from assistant.components.chosen_intent import ChosenIntent  # noqa: E402 - after the filter
from assistant.components.detector import LanguageDetector  # noqa: E402
from assistant.components.fallback import in_context  # noqa: E402
from assistant.components.identifiers import IdentifierExtractor  # noqa: E402
from assistant.components.tokenizer import BilingualTokenizer  # noqa: E402

for line in sys.stdin:
    message = Message(json.loads(line))
    [message] = BilingualTokenizer.create(BilingualTokenizer.get_default_config()).process(
        [message]
    )
    [message] = IdentifierExtractor().process(LanguageDetector().process([message]))
    [message] = ChosenIntent().process([message])
    tokens = [[t.text, t.start, t.end, t.lemma] for t in message.get("text_tokens")]
    found = {
        "tokens": tokens,
        "entities": message.get("entities"),
        "intent": message.get("intent"),
        "ranking": message.get("intent_ranking"),
        "in_context": in_context(str((message.get("intent") or {}).get("name")), message),
    }
    print(json.dumps(found))  # noqa: T201
