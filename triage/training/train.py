"""Fine-tunes the bilingual encoder on every emotion data set at once.

Before that it guesses hidden pieces of the same texts: of Chinese it has seen little else. After
it, the weights of several such networks, which saw the same in another order, are averaged, and
their mean learns on for a while.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import astuple, dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.optim import AdamW

from language.encoder import SHIPPED as ENCODER
from language.training import backbone, batches, masked, shipped
from language.training.backbone import SentenceEncoder
from language.training.chance import generator
from language.training.checkpoint import Checkpoint
from language.training.corpus import Pair, read_pairs
from language.training.loop import Run
from language.training.rounding import rounded
from language.training.typos import mistyped
from triage.context import Layout, recent
from triage.training import acts_head, labels, linear, long_messages
from triage.training.corpus import Corpus, Example, read_corpus
from triage.training.export import export_emotion
from triage.training.network import (
    EmotionNetwork,
    load_shipped,
    loss_of,
    save,
    translation_loss_of,
)

WORK = Path("var/training/emotion")
PAIRS = "parallel-en-zh/tatoeba_eng_cmn.tsv"
OWN = ("service", "acts", "conversations")
_LONGEST = 128


@dataclass(frozen=True)
class Phase:
    """A stretch of learning with its own mixture and its own rise and fall of the rate.

    `public` and `pairs` are the most rows of the public sets, and translations, of an epoch.
    """

    name: str
    epochs: int
    rate: float
    head_rate: float
    public: int
    pairs: int


@dataclass(frozen=True)
class Options:
    """What is learned from when: hidden pieces, then everything, then mostly what customers write.

    `guessing_epochs` and `guessing_rate` are for the hidden pieces, `service_copies` for each of
    our own messages, `conversation_copies` how often an epoch sees each conversation, `acts_weight`
    how much what messages do counts, `long_messages` are made of our own, `neutral_share` is the
    part of purely neutral comments that an epoch sees; `members` is how many networks are averaged,
    of the seeds `seed`, `seed` + 1 and so on, and `together` what their mean learns. `again` is
    what a model that ships already learns when there are more messages.
    """

    guessing_epochs: int = 3
    guessing_rate: float = 3e-4

    phases: tuple[Phase, ...] = (
        Phase("everything", 3, rate=1.5e-4, head_rate=1e-3, public=1_000_000, pairs=10_000),
        Phase("service", 2, rate=5e-5, head_rate=3e-4, public=16_000, pairs=4_000),
    )
    together: Phase = Phase("together", 2, rate=5e-5, head_rate=3e-4, public=24_000, pairs=3_000)
    again: Phase = Phase("again", 6, rate=1e-4, head_rate=5e-4, public=12_000, pairs=2_000)
    batch: int = 64
    service_copies: int = 2
    long_messages: int = 3000
    neutral_share: float = 0.6
    conversation_copies: int = 1
    acts_weight: float = 1.0
    members: int = 2
    seed: int = 7


# For the model of contexts, to which what messages do is everything.
IN_CONTEXT = Options(service_copies=1, long_messages=1500, conversation_copies=4, acts_weight=4.0)


@dataclass(frozen=True)
class Lesson:
    """Tokenised messages and what their outputs should be, then translated pairs.

    `own` and `neutral` are the rows of our own messages and of purely neutral comments. From
    `len(targets)` on, an even number of `sentences` follows: an English one and its Chinese
    translation in turn.
    """

    sentences: list[list[int]]
    targets: Tensor
    own: list[int]
    neutral: list[int]

    def epoch(self, number: int, phase: Phase, options: Options) -> list[list[int]]:
        """Batches of one epoch: all our messages; public ones and translations drawn afresh."""
        seed = options.seed * 1000 + number
        chance = generator(seed)
        left_out = int(len(self.neutral) * (1 - options.neutral_share))
        skip = {*self.own, *chance.sample(self.neutral, left_out)}
        public = [row for row in range(len(self.targets)) if row not in skip]
        rows = [*self.own, *chance.sample(public, min(phase.public, len(public)))]
        lengths = [len(sentence) for sentence in self.sentences]
        found = batches.by_length(lengths, rows, options.batch, seed)
        found += self._pairs(lengths, seed, phase.pairs, options.batch // 2)
        chance.shuffle(found)
        return found

    def _pairs(self, lengths: list[int], seed: int, most: int, size: int) -> list[list[int]]:
        first = range(len(self.targets), len(self.sentences), 2)
        chosen = generator(seed).sample(first, min(most, len(first)))
        found = batches.by_length(lengths, chosen, size, seed)
        return [[row for english in batch for row in (english, english + 1)] for batch in found]

    def is_pairs(self, batch: list[int]) -> bool:
        """Whether a batch of `epoch` holds translated pairs."""
        return batch[0] >= len(self.targets)


def tokenise(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids of each text with the marks at its ends, cut at 128 pieces."""
    cut = Tokenizer.from_str(tokenizer.to_str())
    cut.enable_truncation(_LONGEST)
    return [encoding.ids for encoding in cut.encode_batch_fast(texts)]


def laid_out(tokenizer: Tokenizer, rows: Sequence[Example]) -> list[list[int]]:
    """Token ids of each message after what was said before it, with the marks at the ends."""
    sentences = tokenise(tokenizer, [row.text for row in rows])
    layout = Layout.of(tokenizer.token_to_id)
    for place, row in enumerate(rows):
        if before := recent(row.before):
            first, *message, last = sentences[place]
            earlier = tokenizer.encode_batch_fast(
                [said.text for said in before], add_special_tokens=False
            )
            pairs = zip(before, (encoding.ids for encoding in earlier), strict=True)
            sentences[place] = [first, *layout.ids(message, pairs), last]
    return sentences


def examples_of(corpus: Corpus, options: Options) -> dict[str, list[Example]]:
    """The training part of `corpus`, and what is made of our own messages: slips, long ones."""
    found = dict(corpus.parts["train"])
    for name in OWN:
        own = found[name]
        found[name] = own + [
            replace(row, text=mistyped(row.text, copy * len(own) + place))
            for copy in range(options.service_copies)
            for place, row in enumerate(own)
        ]
    found["conversations"] = found["conversations"] * options.conversation_copies
    found["service"] += long_messages.made_of(
        corpus.parts["train"]["service"], options.long_messages, options.seed
    )
    return found


def prepare(parts: dict[str, list[Example]], pairs: list[Pair], tokenizer: Tokenizer) -> Lesson:
    """Labelled examples by data set, and translated `pairs`, as the network sees them."""
    rows = [(name, row) for name, examples in parts.items() for row in examples]
    only_neutral = labels.reddit_target(["neutral"])
    translated = [text for pair in pairs for text in (pair.english, pair.chinese)]
    return Lesson(
        laid_out(tokenizer, [row for _, row in rows]) + tokenise(tokenizer, translated),
        torch.from_numpy(np.stack([row.target for _, row in rows])),
        [place for place, (name, _) in enumerate(rows) if name in OWN],
        [i for i, (_, row) in enumerate(rows) if np.array_equal(row.target, only_neutral, True)],
    )


def pretrain(
    trunk: SentenceEncoder,
    tokenizer: Tokenizer,
    corpus: Corpus,
    pairs: list[Pair],
    options: Options,
    checkpoint: Checkpoint,
) -> None:
    """Train `trunk` in place to guess what is hidden in the texts of `corpus` and in `pairs`.

    Each epoch sees all Chinese, and a third of the English, which the trunk knows already.
    """
    rows = [row for examples in corpus.parts["train"].values() for row in examples]
    chinese = [row.text for row in rows if row.language == "zh"] + [p.chinese for p in pairs]
    english = [row.text for row in rows if row.language == "en"] + [p.english for p in pairs]
    masked.learn(
        masked.Guesser(trunk, tokenizer),
        tokenise(tokenizer, chinese + english),
        always=range(len(chinese)),
        sometimes=range(len(chinese), len(chinese) + len(english)),
        epochs=options.guessing_epochs,
        rate=options.guessing_rate,
        batch=options.batch,
        seed=options.seed,
        checkpoint=checkpoint,
    )


def _optimizer(model: EmotionNetwork, phase: Phase) -> AdamW:
    groups = [
        {"params": model.trunk.parameters(), "lr": phase.rate},
        {"params": model.heads.parameters(), "lr": phase.head_rate},
    ]
    return AdamW(groups, weight_decay=0.01, fused=True)


def learn(
    model: EmotionNetwork,
    lesson: Lesson,
    phase: Phase,
    options: Options,
    checkpoint: Checkpoint,
) -> None:
    """Train `model` in place for one phase."""
    place = backbone.device()
    model.to(place)

    def loss(batch: list[int]) -> Tensor:
        ids, mask = batches.pad([lesson.sentences[row] for row in batch])
        logits = model(ids.to(place), mask.to(place))
        with torch.autocast(place.type, enabled=False):
            if lesson.is_pairs(batch):
                return translation_loss_of(*logits.float().view(-1, 2, labels.OUTPUTS).unbind(1))
            return loss_of(logits.float(), lesson.targets[batch].to(place), options.acts_weight)

    def epoch(number: int) -> list[list[int]]:
        return lesson.epoch(number, phase, options)

    run = Run(model, _optimizer(model, phase), checkpoint)
    with rounded(model.trunk.bert.encoder):
        run.learn(phase.epochs, epoch, loss)


def _member(
    trunk: SentenceEncoder, lesson: Lesson, options: Options, checkpoints: Sequence[Checkpoint]
) -> EmotionNetwork:
    """A network on a copy of `trunk` that has learned every phase."""
    torch.manual_seed(options.seed)
    model = EmotionNetwork(deepcopy(trunk))
    for phase, checkpoint in zip(options.phases, checkpoints, strict=True):
        learn(model, lesson, phase, options, checkpoint)
    return model


def average(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of several networks' weights, name by name.

    Networks that set out from the same weights lie close enough together for their mean to read
    like all of them at once (Wortsman et al., "Model soups", ICML 2022).
    """
    return {name: torch.stack([one[name] for one in states]).mean(dim=0) for name in states[0]}


def train(
    data: Path,
    out: Path,
    work: Path = WORK,
    options: Options | None = None,
    encoder: Path = ENCODER,
    learned: Path | None = None,
) -> None:
    """Train the emotion model on the sets under `data`, calibrate it, and export it to `out`.

    It starts from the exported `encoder`, or goes on from the exported emotion model `learned`.
    `work` keeps the checkpoints, from which an interrupted
    run goes on, and the full-precision weights. Raises CorpusError or BaseModelError when what it
    needs is missing.
    """
    options = options or (IN_CONTEXT if learned else Options())
    corpus = read_corpus(data)
    pairs = read_pairs(data / PAIRS)
    parts = examples_of(corpus, options)
    checkpoints: list[Checkpoint] = []

    def checkpoint(name: str) -> Checkpoint:
        run = f"{astuple(options)} {sum(map(len, parts.values()))}"
        checkpoints.append(Checkpoint(work / f"{name}.pt", run))
        return checkpoints[-1]

    torch.manual_seed(options.seed)
    if learned:
        model, tokenizer = load_shipped(learned)
        last = options.again
        lesson = prepare(parts, pairs, tokenizer)
    else:
        trunk, tokenizer = shipped.load_shipped(encoder, dropout=0.1)
        last = options.together
        lesson = prepare(parts, pairs, tokenizer)
        pretrain(trunk, tokenizer, corpus, pairs, options, checkpoint("guessing"))
        model = _mean_of_members(trunk, lesson, options, checkpoint)
    learn(model, lesson, last, options, checkpoint(last.name))
    if not learned:
        acts_head.refit(model, lesson.sentences[: len(lesson.targets)], lesson.targets)
    save(work, model, tokenizer)
    linear.save(work, linear.fit([*chain.from_iterable(parts.values())]))
    export_emotion(corpus, work, out)
    for kept in checkpoints:
        kept.forget()


def _mean_of_members(
    trunk: SentenceEncoder,
    lesson: Lesson,
    options: Options,
    checkpoint: Callable[[str], Checkpoint],
) -> EmotionNetwork:
    members = [
        _member(
            trunk,
            lesson,
            replace(options, seed=options.seed + number),
            [checkpoint(f"{phase.name}-{number}") for phase in options.phases],
        )
        for number in range(options.members)
    ]
    members[0].load_state_dict(average([member.state_dict() for member in members]))
    return members[0]
