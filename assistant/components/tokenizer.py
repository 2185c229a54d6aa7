"""The tokenizer for both languages, over `language.segment`."""

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from language.normalise import normalise
from language.segment import segment


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class BilingualTokenizer(Tokenizer):
    """Splits English at spaces and Chinese by dictionary."""

    @classmethod
    def create(cls, config: dict[str, Any], *context: Any) -> "BilingualTokenizer":
        """Return a tokenizer whose dictionary is loaded, so that no customer waits for it."""
        segment("你好")
        return cls(config)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings that Rasa's `Tokenizer` reads; intents are never split."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_"}

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Return the tokens of one attribute of `message`, in order.

        A token's `text` is what the customer wrote; its lemma is the normalised, lower-case form
        that the featurizers count. Text without words, such as "?!", is one token, since Rasa's
        featurizers expect at least one.
        """
        text = message.get(attribute)
        words = [(word.text, word.start) for word in segment(text)] or [(text, 0)]
        return [Token(word, start, lemma=normalise(word).lower()) for word, start in words]
