"""Approved plans: sent exactly as they are, or not at all."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bulkvm.jobs.observer import Observer
from bulkvm.jobs.plan_file import PlanFile, check_not_expired, rows_not_planned
from bulkvm.jobs.plan_seal import pin_seal, refusal
from bulkvm.jobs.preparing import Prepared
from bulkvm.jobs.sheet_seal import find_sheet_edits, is_same_file
from bulkvm.model.outcome import Status
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant, name_distinctly
from bulkvm.planning.saved_plan import SavedRow, exact_plan, find_changes_since, save_rows, unseen_rows
from bulkvm.planning.unseen_fields import name_fields
from bulkvm.runs import ListedRun, read_journal
from bulkvm.runs.forgotten_plans import find_forgotten_run
from bulkvm.runs.history import find_undo_in_effect, list_runs
from bulkvm.runs.plan_key import plan_seal
from bulkvm.text import count


@dataclass(frozen=True, slots=True)
class ApprovedPlan:
    """A plan file that was not edited and has not expired; `source` is the URL that it was copied from, if any."""

    plan: PlanFile
    source: str | None = None

    @property
    def reference(self) -> Mapping[str, str]:
        """What identifies the plan in a journal or report."""
        file = self.source or str(self.plan.path.absolute())
        return {"file": file, "id": self.plan.id, "sha256": self.plan.sha256}

    def find_sheet(self, given: Path | None) -> Path:
        """Find the sheet that the plan was made from: the given one, or the one at its place or beside the plan.

        Raises:
            PlanRefused: there is none.
        """
        folder = self.plan.path.absolute().parent
        places = [given] if given else [folder / self.plan.sheet["path"], folder / self.plan.sheet["file"]]
        files = [place for place in places if place.is_file()]
        if files:
            seal, saved = plan_seal(), self.plan.sheet
            return next((f for f in files if is_same_file(saved, _sha256(f), seal, self.plan.id)), files[0])
        where = "The sheet is not downloaded with the plan: name" if self.source else "Put that file beside it, or name"
        message = f"It was made from {self.plan.sheet['file']}. {where} it with --original."
        raise self._refuse("needs its sheet", ProblemCode.PLAN_SHEET, message, "Name the sheet")

    def check_sheet(self, sheet: Sheet) -> None:
        """Check that the sheet has the content that the plan was made from.

        Raises:
            PlanRefused: it has not, with every cell that differs.
        """
        if edits := find_sheet_edits(self.plan.sheet, sheet, plan_seal(), self.plan.id):
            what = f"{self.plan.path.name} was made from a different version of the sheet"
            raise refusal(what, edits, "Use the sheet as it was")

    def check_tenant(self, tenant: Tenant) -> None:
        """Check that the plan was made for this tenant.

        Raises:
            PlanRefused: it was made for another one.
        """
        if tenant.contradicts(self.plan.tenant):
            ours, theirs = name_distinctly(self.plan.tenant, tenant)
            message = f"It was made for {ours} ({self.plan.tenant.pbx}), and this is {theirs} ({tenant.pbx})."
            remedy = "Use the site and the tenant of the plan"
            raise self._refuse("was made for another tenant", ProblemCode.PLAN_TENANT, message, remedy)
        if not tenant.is_same(self.plan.tenant):
            message = (
                f"The PBX does not show whether this is the tenant of the plan, {self.plan.tenant}. Make and import "
                "the plan with the same token, or with a user and the tenant's domain."
            )
            raise self._refuse("may be of another tenant", ProblemCode.PLAN_TENANT, message)

    def apply(self, prepared: Prepared, observer: Observer) -> Prepared:
        """Return what is left to be sent of the plan, if nothing that it is about was changed, and it was not undone.

        Raises:
            PlanRefused: anything was changed, the plan has expired, or a run of it was undone or forgotten.
        """
        check_not_expired(self.plan)
        if forgotten := find_forgotten_run(self.plan.id):
            message = f"Run {forgotten} sent the plan, and its journal was deleted since, so what it sent is not known."
            raise self._refuse("was sent before", ProblemCode.PLAN_UNDONE, message)
        runs = list_runs()
        ours = [run for run in runs if run.info.plan_id == self.plan.id]
        for run in ours:
            if undo := find_undo_in_effect(run, runs):
                message = f"Run {run.info.name} sent the plan, and {undo.info.name} undid that run."
                raise self._refuse("was sent and undone", ProblemCode.PLAN_UNDONE, message)
        if prepared.plan is None:
            errors = [
                Problem(row=p.row, code=ProblemCode.PLAN_OUTDATED, message=f"The row has an error now: {p.message}")
                for p in prepared.problems
                if p.is_error
            ]
            raise refusal("The plan is out of date", errors)
        saved, plan = self.plan.rows, prepared.plan
        seal = pin_seal(plan_seal(), self.plan.id)
        current = save_rows(plan, rows_not_planned(prepared), prepared.generated_pins, seal)
        sent_before = _sent_by(ours)
        unseen = unseen_rows(saved, current, sent_before)
        problems = [*find_changes_since(saved, current, sent_before), *_changed_later(unseen, ours, runs)]
        if problems:
            raise refusal("The plan is out of date", problems)
        if unseen:
            observer.notice(_describe_unseen(unseen))
        return replace(prepared, plan=exact_plan(plan, saved, current, sent_before))

    def _refuse(self, what: str, code: ProblemCode, message: str, remedy: str = "") -> Exception:
        return refusal(f"{self.plan.path.name} {what}", [Problem(row=None, code=code, message=message)], remedy)


def _sent_by(runs: Sequence[ListedRun]) -> Mapping[int, Status]:
    """The rows that runs of the plan have sent, or may have sent."""
    outcomes = (outcome for run in runs for outcome in read_journal(run.file).outcomes)
    return {outcome.row: outcome.status for outcome in outcomes if outcome.status.may_have_changed}


def _changed_later(
    unseen: Sequence[SavedRow], ours: Sequence[ListedRun], runs: Sequence[ListedRun]
) -> Iterator[Problem]:
    """Name the rows whose box another run of this machine changed after the last run of the plan."""
    if not unseen:
        return
    rows = {row["extension_number"]: row["row"] for row in unseen}
    for run in runs[runs.index(ours[-1]) + 1 :]:
        if run.info.known_tenant.contradicts(ours[-1].info.known_tenant):
            continue
        for outcome in read_journal(run.file).outcomes:
            if outcome.status.may_have_changed and outcome.extension_number in rows:
                message = f"Run {run.info.name} changed box {outcome.extension_number} after the plan was sent."
                yield Problem(row=rows[outcome.extension_number], code=ProblemCode.PLAN_OUTDATED, message=message)


def _describe_unseen(unseen: Sequence[SavedRow]) -> str:
    fields = name_fields(dict.fromkeys(field for row in unseen for field in row["unseen"]))
    return (
        f"An earlier run of this plan sent {fields} in {count(len(unseen), 'row')}, which the PBX does not show. "
        "Whether the boxes still have these values is not known; they are not sent again."
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
