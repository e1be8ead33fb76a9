"""Why a plan is not applied, each with what to do about it.

MigrationError
├── ConsentNeeded    something is dropped or narrowed and nobody allowed it
├── PlanBlocked      rows or definitions stand in the way
├── PlanOutdated     definitions, schema or release are not those of the plan any more
├── ApplyRunning     another apply holds the database
├── ApplyFailed      a step failed; everything was undone
└── UnknownRelease   there is no release of that number
"""

from __future__ import annotations

from generator.model.text import Label


class MigrationError(Exception):
    """A refusal; the database is as it was."""

    def __init__(self, message: Label) -> None:
        super().__init__(str(message))
        self.message = message


class ConsentNeeded(MigrationError):
    def __init__(self, missing: frozenset[str], steps: tuple[Label, ...]) -> None:
        self.missing, self.steps = missing, steps
        words = ",".join(sorted(missing))
        shown = "; ".join(step.text("en") for step in steps)
        listed = "；".join(step.text("zh") for step in steps)
        super().__init__(
            Label(
                {
                    "en": f"Data would be lost: {shown}. Pass --allow {words} to do it.",
                    "zh": f"将丢失数据：{listed}。如确认执行，请加上 --allow {words}。",
                }
            )
        )


class PlanBlocked(MigrationError):
    def __init__(self, obstacles: tuple[Label, ...]) -> None:
        self.obstacles = obstacles
        super().__init__(
            Label(
                {
                    "en": "This cannot be applied: " + "; ".join(o.text("en") for o in obstacles),
                    "zh": "无法应用：" + "；".join(o.text("zh") for o in obstacles),
                }
            )
        )


class PlanOutdated(MigrationError):
    def __init__(self, why: Label) -> None:
        super().__init__(
            Label(
                {
                    "en": f"The plan is out of date: {why.text('en')}. Make a new one.",
                    "zh": f"计划已过期：{why.text('zh')}。请重新生成计划。",
                }
            )
        )


class ApplyRunning(MigrationError):
    def __init__(self) -> None:
        super().__init__(
            Label(
                {
                    "en": "Another apply is running on this database. Wait for it to end.",
                    "zh": "该数据库上有另一个应用任务正在执行，请等待其结束。",
                }
            )
        )


class ApplyFailed(MigrationError):
    def __init__(self, step: Label, why: str) -> None:
        self.step = step
        super().__init__(
            Label(
                {
                    "en": f"The step '{step.text('en')}' failed and everything was undone: {why}",
                    "zh": f"步骤“{step.text('zh')}”执行失败，全部更改已撤销：{why}",
                }
            )
        )


class UnknownRelease(MigrationError):
    def __init__(self, number: int) -> None:
        super().__init__(
            Label({"en": f"There is no release {number}.", "zh": f"不存在版本 {number}。"})
        )
