"""The pages of webhooks: made on a form, looked at, tried, stopped, told again."""

from __future__ import annotations

import re

from runtime.hooks import sending
from tests.hooks.shop import Teller

PAGE = "/webhooks/"


def test_a_webhook_is_made_on_a_form_tried_and_followed(small: Teller) -> None:
    kim = small.desk.browser()
    assert "No webhooks yet" in kim.get(PAGE).text
    assert "还没有 Webhook" in small.desk.browser(locale="zh").get(PAGE).text
    assert f'href="{PAGE}new?entity=member"' in kim.get(f"{PAGE}new").text
    form = kim.get(f"{PAGE}new?entity=member")
    wrong = kim.send(form, f"{PAGE}new", name="", url=small.ear.url, filter="nothing=1")
    assert wrong.status_code == 422
    assert [one for one in ('href="#name"', 'href="#events"') if one not in wrong.text] == []
    owner = str(small.desk.people["kim"])
    events = ["created", "updated"]
    right = {"name": "ERP", "url": small.ear.url, "events": events, "owner_id": owner}
    shown = kim.send(form, f"{PAGE}new", **right, fields="name, code", filter="active=true")
    (secret,) = re.findall(r'data-value="(whsec_[^"]+)"', shown.text)
    assert shown.headers["Cache-Control"] == "no-store"
    (hook,) = small.stored("hook")
    here = f"{PAGE}{hook.id}"
    assert secret not in kim.get(here).text
    small.member(1, name="Ann <b>")
    small.work()
    page = kim.get(here)
    assert "member.created" in page.text
    assert kim.send(page, f"{here}/test").status_code == 303
    assert small.ear.every[-1].is_signed_by(secret)
    told = small.stored("hook_delivery")[0]
    one = kim.get(f"{here}/deliveries/{told.id}")
    assert "Ann &lt;b&gt;" in one.text
    assert "v1,…" in one.text
    assert (
        "第 1 次尝试：接收方返回 204"
        in small.desk.browser(locale="zh").get(f"{here}/deliveries/{told.id}").text
    )
    assert kim.send(one, f"{here}/deliveries/{told.id}/again").status_code == 303
    assert kim.get(f"{here}?status=waiting").text.count("member.created") == 1
    assert kim.get(f"{here}/deliveries/{hook.id}").status_code == 404
    again = kim.send(page, f"{here}/secret")
    assert secret not in again.text
    assert "whsec_" in again.text
    kim.send(page, f"{here}/replay", since="2026-11-22T00:00", until="2026-11-23T00:00")
    assert "1 message is told again" in kim.get(here).text
    kim.send(page, f"{here}/state", state="paused")
    assert "Somebody paused it." in kim.get(here).text
    changed = kim.get(f"{here}/edit")
    assert "name\ncode" in changed.text
    kim.send(changed, f"{here}/edit", **{**right, "name": "WMS"})
    assert "WMS" in kim.get(PAGE).text
    stale = kim.send(changed, f"{here}/edit", **right)
    assert stale.status_code == 409
    assert kim.send(page, f"{here}/delete").status_code == 303
    assert kim.get(here).status_code == 404
    assert "删除 Webhook" in small.desk.browser(locale="zh").get("/audit/").text


def test_a_message_of_a_workflow_is_offered_by_its_label(small: Teller) -> None:
    page = small.desk.browser().get(f"{PAGE}new?entity=parcel")
    assert 'value="told:parcel_lost"' in page.text
    assert "message: A parcel is lost" in page.text
    chinese = small.desk.browser(locale="zh").get(f"{PAGE}new?entity=parcel")
    assert "消息：包裹遗失" in chinese.text


def test_only_who_administers_comes_here_and_a_pause_is_told_by_the_bell(small: Teller) -> None:
    hook, _ = small.listen()
    ron, kim = small.desk.browser("ron"), small.desk.browser()
    for place in (PAGE, f"{PAGE}new", f"{PAGE}{hook}", f"{PAGE}{hook}/edit"):
        assert ron.get(place).status_code == 403
    sent = ron.send(ron.get("/preferences"), f"{PAGE}{hook}/delete")
    assert sent.status_code == 403
    assert PAGE not in ron.get("/member/").text
    assert PAGE in kim.get("/member/").text
    small.ear.answers = [(410, {}, b"")]
    small.member(1)
    small.work()
    bell = kim.get("/me/notifications").text
    assert "A webhook is paused" in bell
    assert "Failing" not in kim.get(PAGE).text
    assert "The receiver answered that it is gone for good." in kim.get(f"{PAGE}{hook}").text
    assert sending.wake(small.runtime) == 0
