"""The chat widget as a customer handles it."""

from typing import Self

from playwright.sync_api import Locator, Page, WebSocketRoute, expect

HUMAN = "I want to talk to a human being, please."


class Chat:
    """The widget on a page; its parts lie in a shadow root, which locators look into."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.widget = page.locator("amends-chat")
        self.launcher = self.widget.locator(".launch")
        self.panel = self.widget.get_by_role("dialog")
        self.field = self.widget.locator("form.write textarea")
        self.bar = self.widget.locator(".bar:not(.net)")
        self.net = self.widget.locator(".bar.net")

    def open(self) -> Self:
        self.launcher.click()
        expect(self.field).to_be_focused()
        return self

    def say(self, text: str) -> Self:
        self.field.fill(text)
        self.field.press("Enter")
        return self

    def texts(self, sender: str) -> Locator:
        return self.widget.locator(f".item.{sender} .text")

    def has_sent(self, text: str) -> None:
        """The message is there once, and the server has it."""
        said = self.widget.locator(".item.customer", has_text=text)
        expect(said).to_have_count(1)
        expect(said.locator(".state")).to_be_hidden()

    def case(self) -> int:
        """Ask for a person; return the number of the case."""
        self.say(HUMAN)
        expect(self.bar).to_be_visible()
        stored = self.page.evaluate(
            """async () => {
              const key = Object.keys(localStorage).find((name) => name.endsWith(":chat"));
              const { id, token } = JSON.parse(localStorage.getItem(key));
              return [id, token];
            }"""
        )
        answer = self.page.request.post(
            f"/api/conversations/{stored[0]}/messages",
            headers={"Authorization": f"Bearer {stored[1]}"},
            data={"id": "00000000-0000-4000-8000-000000000001", "text": "Are you there?"},
        )
        return int(answer.json()["handover"]["case"])


class Line:
    """The WebSocket between a page and the server, in the hands of a test."""

    def __init__(self, page: Page) -> None:
        self.up = True
        self.deaf = False
        self.opened = 0
        self.heard: list[str] = []
        self._page = page
        self._routes: list[WebSocketRoute] = []
        page.route_web_socket("**/stream*", self._connect)

    def _connect(self, route: WebSocketRoute) -> None:
        if not self.up:
            route.close(code=1001)
            return
        self.opened += 1
        self._routes.append(route)
        server = route.connect_to_server()
        server.on_message(lambda frame: self._pass_on(route, str(frame)))

    def _pass_on(self, route: WebSocketRoute, frame: str) -> None:
        self.heard.append(frame)
        if not self.deaf:
            route.send(frame)

    def wait_for(self, text: str) -> None:
        """Wait until the server has said `text`, whether or not the page heard it."""
        while not any(text in frame for frame in self.heard):
            self._page.wait_for_timeout(50)

    def cut(self) -> None:
        """Break the line, and let no new one through."""
        self.up = False
        for route in self._routes:
            route.close(code=1001)
        self._routes.clear()

    def mend(self) -> None:
        """Let the page connect again."""
        self.up = True
        self.deaf = False
