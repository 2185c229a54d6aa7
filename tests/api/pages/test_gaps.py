"""What was asked in vain is shown by meaning, and can become an article."""

from tests.product import Product


def test_what_was_asked_in_vain_can_become_an_article(server: Product) -> None:
    customer = server.customer("en")
    customer.say("is your oak from a certified forest")
    page = server.as_supervisor().get("/control/gaps").text
    assert "certified forest" in page
    assert "/control/articles/new?title=is%20your%20oak%20from%20a%20certified%20forest" in page


def test_what_a_customer_typed_is_text_on_the_page(server: Product) -> None:
    server.customer("en").say("is <script>alert(1)</script> your favourite tag of the year")
    page = server.as_supervisor().get("/control/gaps?days=7").text
    assert "<script>alert" not in page


def test_only_supervisors_see_the_gaps(server: Product) -> None:
    assert server.as_agent().get("/control/gaps").status_code == 403
    assert server.client().get("/control/gaps").headers["Location"].startswith("/sign-in")


def test_a_case_becomes_a_draft_of_its_question_and_its_answers(server: Product) -> None:
    customer, agent = server.customer("zh"), server.as_agent()
    customer.say("你们的橡木有森林认证吗 HP-20818 li.wei@example.com")
    case = customer.ask_for_person()
    agent.post(f"/api/cases/{case}/claim")
    message = {
        "id": "6d3c2f3e-0000-4000-8000-000000000001",
        "text": "有，全部来自认证森林。单号 HP-20818。",
    }
    agent.post(f"/api/cases/{case}/messages", json=message)
    agent.post(f"/api/cases/{case}/resolve", json={"root_cause": "unclear_information"})
    form = server.as_supervisor().get(f"/control/articles/new?case={case}").text
    assert "你们的橡木有森林认证吗" in form
    assert "有，全部来自认证森林。" in form
    # What is this customer's own is nobody else's business.
    assert "HP-20818" not in form
    assert "li.wei" not in form
    assert server.as_supervisor().get("/control/articles/new?case=999999").status_code == 404


def test_what_was_asked_before_a_person_was_wanted_is_the_gap_and_not_the_small_talk(
    server: Product,
) -> None:
    customer = server.customer("en")
    customer.say("how long does the warranty on an antique wardrobe last")
    customer.say("are you a robot or a human being, out of curiosity?")
    customer.ask_for_person()
    page = server.as_supervisor().get("/control/gaps").text
    assert "antique wardrobe" in page
    assert "out of curiosity" not in page


def test_an_answer_that_did_not_help_makes_its_question_a_gap(server: Product) -> None:
    customer = server.customer("en")
    customer.say("what are the terms of the refund policy for clearance lamps")
    assert "clearance lamps" not in server.as_supervisor().get("/control/gaps").text
    customer.say("No, that didn't help")
    assert "clearance lamps" in server.as_supervisor().get("/control/gaps").text
