"""The lexicon: examples and counterexamples of each group."""

import time

import pytest

from triage.errors import LexiconError
from triage.features.lexicon import fold, lexicon, load_lexicon, matches

EXAMPLES = {
    "wants_person": [
        "I want to speak to a person",
        "Can I talk to someone please?",
        "I don't want to talk to a bot",
        "get me a manager",
        "Please put me through to customer service.",
        "HUMAN PLEASE",
        "agent",
        "Is there a real person there?",
        "could someone call me back about this",
        "stop it with this stupid chatbot",
        "转人工",
        "我要找人工客服",
        "我不想跟机器人说话",
        "轉真人客服",
        "我要跟真人說話",
        "有没有真人在？",
        "叫你们经理来",
        "人工",
        "能不能找个人来处理一下",
        "我想揾真人",
        "I'd rather deal with a person on this one",
    ],
    "threat": [
        "I'll sue you",
        "see you in court",
        "You will hear from my solicitor.",
        "I am going to report you to Trading Standards",
        "I'll do a chargeback",
        "I will dispute the charge with my bank",
        "I'm going to the press with this",
        "taking legal action",
        "我要打12315",
        "法院见",
        "我会找律师的",
        "我要向消协投诉",
        "把你们曝光到网上",
        "我要告你们",
        "我要去消費者委員會投訴",
    ],
    "danger": [
        "The lamp caught fire",
        "smoke is coming out of the plug",
        "my daughter was hurt",
        "I burnt my hand on it",
        "the glass exploded",
        "I got an electric shock from your lamp",
        "I want to kill myself",
        "we had to go to A&E",
        "灯着火了",
        "插头冒烟",
        "孩子的手被割伤了",
        "我被电到了",
        "我不想活了",
        "燈爆炸了",
    ],
    "vulnerable": [
        "I'm disabled and cannot carry it",
        "my husband died last week",
        "I am registered blind",
        "we have no bed and are sleeping on the floor",
        "我妈妈八十岁了",
        "我怀孕了搬不动",
        "家父剛剛去世",
    ],
    "abuse": ["you are an idiot", "fuck you", "you useless morons", "傻逼", "滚", "你们都是废物"],
    "leaving": [
        "I will never shop with you again",
        "you just lost a customer",
        "I'll leave a one star review",
        "再也不会买你们的东西了",
        "给你们差评",
    ],
    "complains": ["I want to make a complaint", "我要投诉你们", "formal complaint", "我要投訴"],
    "unhelpful": [
        "That is not what I asked",
        "this doesn't help",
        "you keep sending the same link",
        "答非所问",
        "没用",
        "你一直在重复同样的话",
        "are you even reading this",
        "what's the point",
        "我不是问这个",
        "请认真看一下我的问题",
    ],
    "again": [
        "As I said, the blue one",
        "for the third time",
        "how many times do I have to say this",
        "I already gave you my order number",
        "我已经说过了",
        "问了三遍了",
        "我之前都提供过了",
    ],
    "waited": [
        "I have been waiting for three weeks",
        "nobody answers",
        "I am still waiting",
        "I've emailed you four times",
        "等了两个星期",
        "没有一个人能告诉我",
        "已经过了8个工作日",
    ],
    "unsolved": ["it still does not work", "That didn't work.", "still nothing", "还是不行"],
    "bitter": [
        "Thanks for nothing",
        "Oh great, another template",
        "what a joke",
        "this is unacceptable",
        "would it be too much to ask for an answer",
        "呵呵",
        "真是服了你们",
        "太过分了",
        "浪费我的时间",
        "unbelievable",
        "I shouldn't have to chase you for this",
        "难道就没人管吗",
        "还好意思说",
    ],
    "thanks": ["Thanks!", "that worked, thank you", "brilliant", "谢谢", "解决了", "多謝晒"],
    "contacted": ["I have already emailed you", "我上次打过电话"],
    "miss": [
        "I'm sorry, I didn't understand that.",
        "Could you rephrase?",
        "抱歉，我没有理解您的问题。",
    ],
}

COUNTEREXAMPLES = {
    "wants_person": [
        "how do I contact the person who delivered my rug",
        "Are you a real person?",
        "Do I need to talk to someone to change my address?",
        "I don't need to speak to anyone",
        "is it machine washable",
        "when can I speak to someone by phone?",
        "a gift for a person who likes lamps",
        "I spoke to my husband about it",
        "怎么联系客服",
        "人工安装费多少",
        "你是机器人吗",
        "客服电话是多少",
    ],
    "threat": [
        "Hi, my name is Sue and I ordered a rug",
        "can I get my delivery charge back?",
        "I want the second charge back",
        "to Sue, with love",
        "I will review it once it arrives",
        "do you sell a banker's lamp or a lawyer's lamp?",
        "I'm a lawyer and need an invoice for my office",
        "deliver to 5 Court Road",
        "is this pressed cotton",
        "what is an ombudsman?",
        "can I share a photo on Instagram?",
        "告诉我怎么退货",
        "烟雾报警器有卖吗",
        "律师楼用的台灯",
    ],
    "danger": [
        "the consumer stops at a poisoned message",
        "Two years ago the old heater caught fire, nobody was hurt, it went to the tip",
        "去年冬天旧插座着火，人没事，早就换了",
        "kill the process and try again",
        "the link is dead",
        "do you sell fire pits?",
        "does the lamp overheat?",
        "I got a shock when I saw the bill",
        "is it a fire hazard?",
        "bath bomb gift set",
        "deliver to St Mary's hospital reception",
        "my candle is smoking a little",
        "I'm dying to see it",
        "这个灯会漏电吗",
        "气炸了",
        "桌面有划痕",
    ],
    "vulnerable": [
        "roller blinds for my bathroom",
        "the submit button is disabled",
        "my promo code was disabled",
        "cancel my order",
    ],
    "abuse": ["an idiot-proof guide please", "sorry, I feel so stupid", "垃圾桶有货吗"],
    "complains": [
        "how do I make a complaint?",
        "I don't want to complain but",
        "怎么投诉",
        "不是要投诉",
    ],
    "leaving": ["I have never ordered from here", "can I leave a review?"],
    "thanks": [
        "thanks for nothing",
        "no thanks",
        "thanks, but it still fails",
        "I would be grateful if you replied",
        "还没解决",
    ],
    "unhelpful": [
        "the switch does not work",
        "没用过优惠券",
        "颜色不对",
        "can you send me another link",
        "are you there?",
        "how do you keep it clean?",
        "帮我看一眼我的订单",
        "请问有什么用",
    ],
    "again": [
        "can I use the code again",
        "I just sent you the photo",
        "我第一次购物",
        "照片已经发了",
    ],
    "waited": ["how long do I wait for a refund usually?", "运费已经付了"],
    "unsolved": ["does it still come in blue?", "还有货吗"],
    "bitter": [
        "there was an error and the payment failed",
        "the bulb is dead and the lamp is broken",
        "is this email a scam message?",
        "I'm not angry, just curious",
        "不会失望",
        "不好意思，请问多少钱",
        "100英镑够了吗",
        "the lamp does not come on",
        "All I need is the invoice",
    ],
}


@pytest.mark.parametrize(
    ("group", "text"), [(group, text) for group, texts in EXAMPLES.items() for text in texts]
)
def test_an_example_matches_its_group(group: str, text: str) -> None:
    assert group in matches(text)


@pytest.mark.parametrize(
    ("group", "text"), [(group, text) for group, texts in COUNTEREXAMPLES.items() for text in texts]
)
def test_a_counterexample_does_not_match_the_group(group: str, text: str) -> None:
    assert group not in matches(text)


def test_a_calm_report_of_faults_matches_no_group_of_displeasure() -> None:
    report = "Checkout failed with error 500, the link is dead and the payment was rejected."
    assert matches(report).keys().isdisjoint({"bitter", "unhelpful", "again", "threat", "abuse"})


@pytest.mark.parametrize(
    ("text", "group", "words"),
    [
        ("Enough. I WANT to speak to a  Person, now", "wants_person", "WANT to speak to a  Person"),
        ("我要轉人工，謝謝", "wants_person", "轉人工"),
        ("ｆｕｃｋ ｙｏｕ", "abuse", "ｆｕｃｋ ｙｏｕ"),
        ("I don’t want to talk to a bot", "wants_person", "don’t want to talk to a bot"),
    ],
)
def test_evidence_quotes_the_exact_words(text: str, group: str, words: str) -> None:
    assert matches(text)[group] == words
    assert words in text


@pytest.mark.parametrize(
    "text", ["", "   ", "👍", "HP-10234", "anna@example.com", "yes.", "好的", "是", "ok!", "12345"]
)
def test_messages_without_sentiment_are_neutral(text: str) -> None:
    assert lexicon().is_neutral(text)


@pytest.mark.parametrize("text", ["no way", "refund", "still nothing", "为什么"])
def test_short_messages_with_sentiment_are_not_neutral(text: str) -> None:
    assert not lexicon().is_neutral(text)


@pytest.mark.parametrize("text", ["\ud800", "a" * 4000, "我" * 4000, "((((" * 1000, "\u0301" * 500])
def test_unusual_text_is_matched_without_an_error(text: str) -> None:
    assert isinstance(matches(text), dict)
    assert len(fold(text).text) == len(fold(text).origin)


def test_every_fault_of_a_lexicon_is_reported_with_its_line() -> None:
    with pytest.raises(LexiconError) as caught:
        load_lexicon(
            "groups:\n  a:\n    en:\n      - '(unclosed'\n      - '<who> is it'\n    fr: [x]\n"
        )
    faults = [str(fault) for fault in caught.value.faults]
    assert any("bad pattern" in fault for fault in faults)
    assert "line 5, a: no words are called <who>" in faults
    assert "line 6, a: unknown part 'fr'" in faults


def test_long_text_is_matched_in_bounded_time() -> None:
    # Patterns with nested repeats can take exponential time.
    began = time.process_time()
    for piece in ("want to talk to ", "not very really ", "我要找", "no no ", "still not "):
        lexicon().matches(piece * (4000 // len(piece)))
    assert time.process_time() - began < 10
